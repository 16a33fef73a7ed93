"""real_text.py TEXT_DIR OUT [VOCABULARY [CONTEXT]]: prose to rows of tokens, for real_teacher.py and `bench linearised`.

TEXT_DIR has *.jsonl: ["name", ["paragraph", ...]] a line. Held out are 2 % of the documents of the first file; paragraphs that occurred before are left
out, and so are those that share 13 words in a row with a held-out document. OUT gets teacher/tokenizer.json, train.npy (tokens), train.jsonl (a random part of
its rows, as many as STUDENT_ROWS), eval.jsonl and tasks/continuation.jsonl: which of four sentences follows, three of them from elsewhere.
"""
import json
import multiprocessing
import os
import random
import re
import sys
from pathlib import Path

import numpy as np
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

END, GRAM, HELD_ROWS, QUESTIONS = "<|endoftext|>", 13, 256, 500
STUDENT_ROWS = int(os.environ.get("STUDENT_ROWS", 10_240))
PATTERN = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
WORDS = re.compile(r"[a-z]+")
held_grams = set()


def words(text):
    return WORDS.findall(text.lower())


def grams(found, step):
    return (hash(tuple(found[i:i + GRAM])) for i in range(0, len(found) - GRAM + 1, step))


def document(line):
    """The paragraphs of a document, with a key of each long one."""
    paragraphs = json.loads(line)[1]
    return [(p, hash(tuple(found)) if len(found) > 5 else None) for p in paragraphs for found in [words(p)]]


def overlaps(paragraphs):
    """Those without a passage of a held-out document."""
    return [p for p in paragraphs if not any(gram in held_grams for gram in grams(words(p), 1))]


def questions(documents, rng):
    """The beginning of two paragraphs, their last sentence, and those of three other passages."""
    passages = []
    for paragraphs in documents:
        long = [p for p in paragraphs if 120 < len(p) < 600]
        passages += [(a + "\n" + b.rsplit(". ", 1)[0] + ".", b.rsplit(". ", 1)[1]) for a, b in zip(long, long[1:]) if 40 < len(b.rsplit(". ", 1)[-1]) < len(b)]
    rng.shuffle(passages)
    for i in range(min(QUESTIONS, len(passages) // 4)):
        choices = [passages[4 * i + j][1] for j in range(4)]
        order = rng.sample(range(4), 4)
        yield {"question": passages[4 * i][0], "choices": [choices[j] for j in order], "answer": order.index(0)}


def main(text, out, vocabulary=16_384, context=1024):
    out, rng = Path(out), random.Random(1)
    for folder in (out / "teacher", out / "tasks"):
        folder.mkdir(parents=True, exist_ok=True)
    files = sorted(Path(text).glob("*.jsonl"))
    with multiprocessing.Pool() as pool:
        parsed = [pool.map(document, open(file, encoding="utf8"), chunksize=8) for file in files]
    order = rng.sample(range(len(parsed[0])), len(parsed[0]))
    first = set(order[:max(2, len(order) // 50)])
    held = [[p for p, _ in parsed[0][i]] for i in sorted(first)]
    for paragraphs in held:
        held_grams.update(grams(words("\n".join(paragraphs)), 1))
    seen, train = set(), []
    for of_file in [[d for i, d in enumerate(parsed[0]) if i not in first], *parsed[1:]]:
        for paragraphs in of_file:
            new = [p for p, key in paragraphs if key is None or key not in seen]
            seen.update(key for _, key in paragraphs if key is not None)
            train.append(new)
    before = sum(len(p) for d in train for p in d)
    with multiprocessing.Pool() as pool:  # forked now, with the held-out passages
        train = [d for d in pool.map(overlaps, train, chunksize=8) if sum(map(len, d)) > 400]
    rng.shuffle(train)
    texts = ["\n".join(d) for d in train]
    print(json.dumps({"documents": len(texts), "characters": sum(map(len, texts)), "left out as held-out text": before - sum(len(p) for d in train for p in d),
                      "held-out documents": len(held), "files": [f.name for f in files]}), flush=True)

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(PATTERN), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=vocabulary, special_tokens=[END], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    tokenizer.train_from_iterator((t[i:i + 4000] for t in texts for i in range(0, len(t), 4000) if rng.random() < 0.1), trainer)
    tokenizer.save(str(out / "teacher/tokenizer.json"))
    (out / "teacher/tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": END}))

    def tokens(documents):
        pieces = [d[i:i + 200_000] for d in documents for i in range(0, len(d), 200_000)]
        starts = [i == 0 for d in documents for i in range(0, len(d), 200_000)]
        parts = []
        for at in range(0, len(pieces), 512):
            for start, encoded in zip(starts[at:], tokenizer.encode_batch_fast(pieces[at:at + 512])):
                parts.append(np.array([0] * start + encoded.ids, dtype=np.uint16))
        return np.concatenate(parts)

    ids, held_ids = tokens(texts), tokens(["\n".join(d) for d in held])
    np.save(out / "train.npy", ids)
    for name, source, count in (("train", ids, STUDENT_ROWS), ("eval", held_ids, HELD_ROWS)):
        rows = len(source) // context
        with open(out / f"{name}.jsonl", "w") as file:
            for row in sorted(rng.sample(range(rows), min(count, rows))):
                file.write(json.dumps({"ids": source[row * context:(row + 1) * context].tolist()}) + "\n")
    with open(out / "tasks/continuation.jsonl", "w") as file:
        file.writelines(json.dumps(q) + "\n" for q in questions(held, rng))
    print(json.dumps({"tokens": len(ids), "held-out tokens": len(held_ids), "characters a token": round(sum(map(len, texts)) / len(ids), 2)}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:3], *map(int, sys.argv[3:]))
