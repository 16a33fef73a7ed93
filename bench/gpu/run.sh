#!/usr/bin/env bash
# run.sh [--only PART,PART...] [OUT]: this project's figures on this machine's GPU and, where python3 has PyTorch with transformers, the peer's in the same run;
# the table goes to OUT/table.md (default: ./distil-bench). From a bundle made with `./distil bundle --bench`. The peer's packages: see peer/run.sh.
# A part that fails or takes too long is said and the others go on. Whole in under nine minutes; BENCH_SECONDS (default 540) ends it.
set -uo pipefail
here=$(cd -- "$(dirname -- "$0")" && pwd)
all="step teacher store pipeline peer-training peer-teacher online decode"
parts=$all
if [ "${1:-}" = --only ]; then
  parts=${2:?--only needs parts: $all}
  parts=${parts//,/ }
  shift 2
fi
for part in $parts; do
  [[ " $all " == *" $part "* ]] || { echo "$part is no part; expected some of: $all" >&2; exit 2; }
done
out=${1:-distil-bench}
mkdir -p "$out"

# limit PART: seconds that it may take, about twice what it takes on an H100's host
limit() { case $1 in pipeline) echo 210 ;; peer-training) echo 220 ;; step | peer-teacher) echo 100 ;; *) echo 70 ;; esac; }
missing() { python3 -c "import importlib.util as u, sys; sys.exit(not all(u.find_spec(name) for name in ('torch', 'transformers')))" 2>/dev/null && return 1 || return 0; }
end=$((SECONDS + ${BENCH_SECONDS:-540}))
failed=""
measured=()

for part in $parts; do
  case $part in
    peer-*)
      if missing; then
        echo "$part: python3 has no PyTorch with transformers here; left out" >&2
        continue
      fi
      command=("$here/peer/run.sh" "${part#peer-}")
      ;;
    *) command=("$here/../distil-trainer" bench gpu "$part") ;;
  esac
  left=$((end - SECONDS))
  seconds=$(limit "$part")
  seconds=$((seconds < left ? seconds : left))
  if [ "$seconds" -lt 5 ]; then
    echo "$part: no time left of BENCH_SECONDS; left out" >&2
    failed+=" $part"
    continue
  fi
  began=$SECONDS
  timeout --kill-after=5 "$seconds" "${command[@]}" 2>"$out/$part.log" | tee "$out/$part.jsonl"
  status=${PIPESTATUS[0]}
  measured+=("$out/$part.jsonl")
  echo "$part: $((SECONDS - began)) s" >&2
  if [ "$status" -ne 0 ]; then
    failed+=" $part"
    echo "$part: ended with $status$([ "$status" -ge 124 ] && echo " (limit: $seconds s)"); what it said before that counts:" >&2
    tail -5 "$out/$part.log" >&2
  fi
done

{
  echo "$(date -u +%F), $(nvidia-smi --query-gpu=name,driver_version --format=csv,noheader | head -1), $SECONDS s in all; parts:" $parts"${failed:+; failed:$failed}"
  echo
  "$here/../distil-trainer" bench table "${measured[@]}"
} >"$out/table.md"
echo "$out/table.md, $SECONDS s in all"
[ -z "$failed" ]
