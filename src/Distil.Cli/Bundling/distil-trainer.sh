#!/bin/sh
# Runs Distil's trainer on the .NET runtime beside it and on this machine's libtorch: TORCH_LIB (the folder of libtorch.so), else PyTorch's.
here=$(dirname -- "$(readlink -f -- "$0")")

if [ -z "${TORCH_LIB:-}" ]; then
  TORCH_LIB=$(python3 -c 'import importlib.util as u; s = u.find_spec("torch"); print(s.submodule_search_locations[0] + "/lib" if s else "")' 2>/dev/null)
fi
if [ -n "$TORCH_LIB" ]; then
  LD_LIBRARY_PATH=$TORCH_LIB${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
  # PyTorch's wheels keep the CUDA libraries in packages of their own, beside torch.
  for folder in "$TORCH_LIB"/../../nvidia/*/lib; do
    [ -d "$folder" ] && LD_LIBRARY_PATH=$LD_LIBRARY_PATH:$folder
  done
  export LD_LIBRARY_PATH
else
  echo "warning: no libtorch found; set TORCH_LIB to the folder of libtorch.so, or install PyTorch for python3" >&2
fi

export DOTNET_ROOT="$here/dotnet" DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 DOTNET_NOLOGO=1
program=Distil.Trainer
if [ "${1:-}" = bench ] && [ -e "$here/trainer/Distil.Bench.dll" ]; then
  program=Distil.Bench
  shift
fi
exec "$here/dotnet/dotnet" "$here/trainer/$program.dll" "$@"
