#!/usr/bin/env bash
# run.sh [training|teacher|linearised ...]: the peer's figures, one JSON line each. Needs python3 with PyTorch and transformers, nvcc, and the packages xlstm and mlstm_kernels on
# PYTHONPATH (github.com/NX-AI). What is missing is said; the rest is measured.
set -uo pipefail
here=$(cd -- "$(dirname -- "$0")" && pwd)
torch=$(python3 -c 'import importlib.util as u; print(u.find_spec("torch").submodule_search_locations[0])')
links=$(mktemp -d)
trap 'rm -rf "$links"' EXIT
# NX-AI's kernels link with -lcublas and under CUDA 13 need the older visibility of templates.
cublas=$(ls "$torch"/../nvidia/*/lib/libcublas.so.* 2>/dev/null | head -1)
[ -n "$cublas" ] && ln -s "$cublas" "$links/libcublas.so"
export LIBRARY_PATH=$links${LIBRARY_PATH:+:$LIBRARY_PATH}
export NVCC_APPEND_FLAGS="-static-global-template-stub=false --device-entity-has-hidden-visibility=false"
export PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True
# NX-AI's packages print too, dictionaries among it.
failed=0
[ $# -gt 0 ] || set -- training teacher
for part in "$@"; do
  case $part in
    # shellcheck disable=SC2086
    training) python3 -u "$here/training.py" ${PEER_SHAPES:-8x512 64x512/8 1x8192} | grep --line-buffered '^{"side"' || failed=1 ;;
    # shellcheck disable=SC2086
    teacher) python3 -u "$here/teacher.py" ${PEER_TEACHER:-forward decode} | grep --line-buffered '^{"side"' || failed=1 ;;
    linearised) python3 -u "$here/linearised.py" ${PEER_LINEARISED:-0.5B 8x2048/4} | grep --line-buffered '^{"side"' || failed=1 ;;
    *) echo "$part is no part; expected training, teacher or linearised" >&2; exit 2 ;;
  esac
done
exit "$failed"
