#!/usr/bin/env bash
# run.sh [OUT]: this project's figures on this machine's GPU and, where python3 has PyTorch, the peer's in the same run; the table goes to OUT/table.md
# (default: ./distil-bench). From a bundle made with `./distil bundle --bench`. The peer's packages: see peer/run.sh.
set -uo pipefail
here=$(cd -- "$(dirname -- "$0")" && pwd)
out=${1:-distil-bench}
mkdir -p "$out"
bench() { "$here/../distil-trainer" bench "$@"; }

# Utilisation while the training loop reads its targets: the share of time in which a kernel ran.
nvidia-smi --query-gpu=utilization.gpu --format=csv,noheader,nounits -lms 200 >"$out/utilisation.csv" &
watcher=$!
bench gpu pipeline | tee "$out/pipeline.jsonl"
kill "$watcher"
sort -n "$out/utilisation.csv" | awk '{ v[NR] = $1; sum += $1 } END { if (NR) printf "{\"side\":\"ours\",\"figure\":\"GPU busy while it trains, percent\",\"median\":%d,\"mean\":%.1f,\"samples\":%d}\n", v[int((NR + 1) / 2)], sum / NR, NR }' |
  tee -a "$out/pipeline.jsonl"
bench gpu step teacher decode | tee "$out/ours.jsonl"

: >"$out/peer.jsonl"
if python3 -c 'import torch, transformers' 2>/dev/null; then
  "$here/peer/run.sh" | tee "$out/peer.jsonl"
else
  echo "python3 has no PyTorch with transformers here: the peer is left out" >&2
fi

{
  echo "$(date -u +%F), $(nvidia-smi --query-gpu=name,driver_version --format=csv,noheader | head -1)"
  echo
  bench table "$out/ours.jsonl" "$out/pipeline.jsonl" "$out/peer.jsonl"
} >"$out/table.md"
echo "$out/table.md"
