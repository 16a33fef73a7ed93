"""Checks that transformers computes what Distil computes, in each folder given.

usage: python3 check_student.py FOLDER... (each a student's folder with case.safetensors: input_ids, logits, greedy)
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModelForCausalLM


def close(what, actual, expected, tolerance):
    off = ((actual.float() - expected.float()).abs().max() / expected.float().abs().max()).item()
    assert off <= tolerance, f"{what} is off by {off:.2e} of the largest value; {tolerance:.0e} allowed"
    return off


def read(folder, **options):
    return AutoModelForCausalLM.from_pretrained(folder, trust_remote_code=True, **options).eval()


def check(folder):
    case = load_file(folder / "case.safetensors")
    ids, expected, greedy = case["input_ids"], case["logits"], case["greedy"]
    model = read(folder, dtype=torch.float32)
    with torch.no_grad():
        off = close("logits", model(ids).logits, expected, 1e-4)

        state, pieces = None, []
        for piece in ids.split([3, 1, 1, ids.shape[1] - 5], 1):
            answer = model(piece, cache_params=state, use_cache=True)
            state = answer.cache_params
            pieces.append(answer.logits)
        close("logits of pieces", torch.cat(pieces, 1), expected, 1e-4)

        count = greedy.shape[1]
        options = {"do_sample": False, "max_new_tokens": count, "min_new_tokens": count, "pad_token_id": 0}
        made = model.generate(ids, attention_mask=torch.ones_like(ids), **options)[:, ids.shape[1]:]
        assert torch.equal(made, greedy), f"greedy tokens {made.tolist()}, expected {greedy.tolist()}"

        short = ids[1, 7:]
        padded = torch.cat([torch.zeros(7, dtype=ids.dtype), short])
        batch, mask = torch.stack([ids[0], padded]), torch.ones_like(ids)
        mask[1, :7] = 0
        made = model.generate(batch, attention_mask=mask, **options)[:, ids.shape[1]:]
        alone = model.generate(short[None], attention_mask=torch.ones_like(short[None]), **options)[:, short.shape[0]:]
        assert torch.equal(made[0], greedy[0]) and torch.equal(made[1], alone[0]), "a padded batch decodes otherwise than each text alone"

        with tempfile.TemporaryDirectory() as saved:
            model.save_pretrained(saved)
            close("logits after saving", read(saved)(ids).logits, expected, 1e-4)

        rounded = read(folder, dtype=torch.bfloat16)
        close("logits in bfloat16", rounded(ids).logits, expected, 0.1)

    loss = model(ids, labels=ids).loss
    loss.backward()
    trained = [p for p in model.parameters() if p.requires_grad]
    assert all(p.grad is not None and p.grad.isfinite().all() for p in trained), "a gradient is missing or not finite"

    try:
        model.generate(ids, num_beams=2)
        raise AssertionError("beam search was not refused")
    except ValueError as refused:
        assert "num_beams" in str(refused), refused

    # Without consent no other architecture may take the folder.
    for load in (AutoConfig, AutoModelForCausalLM):
        try:
            load.from_pretrained(folder, trust_remote_code=False)
            raise AssertionError("it was loaded without trust_remote_code")
        except ValueError:
            pass
    print(f"ok {folder.name}: logits off by {off:.1e}, {json.loads((folder / 'config.json').read_text())['model_type']}")


def main():
    for name in sys.argv[1:]:
        # transformers caches code by the folder's name.
        with tempfile.TemporaryDirectory(prefix=Path(name).name.replace("-", "_")) as copy:
            folder = Path(shutil.copytree(name, Path(copy) / Path(name).name.replace("-", "_")))
            check(folder)


main()
