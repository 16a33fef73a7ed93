#!/usr/bin/env bash
# Two students of one teacher, each trained on text of its own, and the merge of both: three runs, the last of which trains nothing.
# usage: samples/merge/walk.sh [FOLDER]   (default: a new folder below the system's temporary ones; some minutes on two cores)
set -euo pipefail
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
folder=${1:-$(mktemp -d)}
mkdir -p "$folder"
export DISTIL_HOME=$folder/home

# Two domains, a document a line: the first stories of the sample, and dialogues.
head -n 700 "$root/samples/stories/train.txt" > "$folder/tales.txt"
awk 'BEGIN {
  split("Mira|Tom|Lily|Old Ben|Anna|the small fox", who, "|"); split("a red kite|a silver key|a wooden boat|a warm scarf|a round stone", what, "|")
  split("the river|the hill|the market|the old mill", place, "|")
  for (i = 0; i < 1500; i++)
    printf "\"Where is %s?\" asked %s on day %d. \"Near %s,\" said %s. \"I saw it there when I played with %s.\"\n",
      what[i % 5 + 1], who[i % 6 + 1], i, place[i % 4 + 1], who[(i + 1) % 6 + 1], what[(i + 2) % 5 + 1] }' > "$folder/dialogues.txt"

# spec NAME REST: the teacher and the student are the same in all three, so that all students begin equal.
spec() {
  cat > "$folder/$1.json" <<SPEC
{
  "name": "$1",
  "teacher": { "path": "$root/samples/stories/teacher" },
  "student": { "kind": "linearised", "window": 32 },
  "evaluation": { "maxRows": 32, "recall": { "lengths": [] } },
  $2
}
SPEC
}

# run NAME: runs a specification and prints its run's id.
run() {
  "$root/distil" run "$folder/$1.json" --json | tail -n 1 | sed -E 's/.*"runId":"([^"]+)".*/\1/'
}

training='"training": { "epochs": 1 }'
spec tales '"dataset": { "sources": ["tales.txt"], "contextLength": 128, "evalFraction": 0.05 }, '"$training"
spec dialogues '"dataset": { "sources": ["dialogues.txt"], "contextLength": 128, "evalFraction": 0.05 }, '"$training"
tales=$(run tales)
dialogues=$(run dialogues)

# The merged student is measured on held-out text of both.
spec merged '"dataset": { "sources": ["tales.txt", "dialogues.txt"], "contextLength": 128, "evalFraction": 0.05 },
  "merge": { "experts": [{ "run": "'"$tales"'", "weight": 0.5 }, { "run": "'"$dialogues"'", "weight": 0.5 }] }'
"$root/distil" run "$folder/merged.json" --plan-only
"$root/distil" run "$folder/merged.json"
"$root/distil" generate --run latest --prompt "Once upon a time" --tokens 40
