#!/bin/sh
# Runs Distil on the .NET runtime and the Node.js beside it. Its files are in .distil of the current folder, unless DISTIL_HOME names another.
here=$(dirname -- "$(readlink -f -- "$0")")
if [ -x "$here/node/node" ]; then
  PATH=$here/node:$PATH
fi
export PATH DOTNET_ROOT="$here/dotnet" DOTNET_NOLOGO=1
exec "$here/dotnet/dotnet" "$here/app/Distil.Cli.dll" "$@"
