#!/usr/bin/env bash
# From a clone to a model of one's own: a chat file, a teacher, a run, its report, and a chat with the student. It takes only commands of the README.
# usage: samples/chat/walk.sh [FOLDER]   (default: a new folder below the system's temporary ones; some minutes on two cores)
set -euo pipefail
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
folder=${1:-$(mktemp -d)}
mkdir -p "$folder"
export DISTIL_HOME=$folder/home

# The text: conversations, one a line of JSON. The teacher's chat template renders them, and only what the assistant says counts in the losses.
awk 'BEGIN {
  split("Mira|Tom|Lily|Old Ben|Anna|the small fox", who, "|"); split("a red kite|a silver key|a wooden boat|a warm scarf|a round stone", what, "|")
  split("the river|the hill|the market|the old mill", place, "|")
  for (i = 0; i < 600; i++)
    printf "{\"messages\": [{\"role\": \"user\", \"content\": \"Tell me story %d about %s and %s.\"}, {\"role\": \"assistant\", \"content\": \"%s found %s near %s. Then they went home.\"}]}\n",
      i, who[i % 6 + 1], what[i % 5 + 1], who[i % 6 + 1], what[i % 5 + 1], place[i % 4 + 1] }' > "$folder/dialogues.jsonl"

# The teacher: any folder of a model of a known family (docs/limits.md). This one is the sample teacher with a chat template.
cp -r "$root/samples/stories/teacher" "$folder/teacher"
cat > "$folder/teacher/chat_template.jinja" <<'TEMPLATE'
{%- for message in messages %}{{ message.role | capitalize }}: {{ message.content }}
{% endfor %}{% if add_generation_prompt %}Assistant:{% endif %}
TEMPLATE

cat > "$folder/mine.json" <<'SPEC'
{
  "name": "mine",
  "teacher": { "path": "teacher" },
  "dataset": { "sources": ["dialogues.jsonl"], "format": "jsonl", "chat": {}, "contextLength": 128, "evalFraction": 0.05 },
  "student": { "blocks": 2, "qkvBlockSize": 16 },
  "training": { "epochs": 2, "learningRate": 2e-3 },
  "evaluation": { "maxRows": 32 }
}
SPEC

cd "$root"
./distil doctor || true
./distil run "$folder/mine.json" --plan-only
./distil run "$folder/mine.json"
./distil runs
./distil report latest
./distil generate --run latest --prompt "User: Tell me about Mira and a red kite."
echo "Tell me about Tom and a wooden boat." | ./distil chat --run latest
./distil run "$folder/mine.json" --plan-only | grep "takes about"
