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


# Of the largest logit: a computation in bfloat16 has 8 bits, and its errors add up over the layers.
BFLOAT16 = 0.1
PREFIX = 9
# Along the gradient: with 0.01, curvature alone changed the slope by 13 % (float64 gave the same); with 0.001 by 0.05 %.
STEP = 0.001


def read(folder, **options):
    return AutoModelForCausalLM.from_pretrained(folder, trust_remote_code=True, **options).eval()


@torch.no_grad()
def check_compiled(model, ids, expected, batch, mask):
    """torch.compile, on a GPU if there is one: one graph for the first call and one for a step; with padding, the same as without compilation."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    backend = "inductor" if device == "cuda" or shutil.which("g++") else "aot_eager"
    model = model.to(device)
    ids, expected, batch, mask = ids.to(device), expected.to(device), batch[:, :PREFIX].to(device), mask[:, :PREFIX].to(device)
    torch._dynamo.reset()
    whole = torch.compile(model, fullgraph=True, dynamic=False, backend=backend)
    first = whole(ids[:, :PREFIX], use_cache=True)
    step = whole(ids[:, PREFIX:PREFIX + 1], cache_params=first.cache_params, use_cache=True)
    off = close("compiled logits", torch.cat([first.logits, step.logits], 1), expected[:, :PREFIX + 1], 1e-4)
    padded = torch.compile(model, dynamic=False, backend=backend)(batch, attention_mask=mask).logits
    close("compiled logits of a padded batch", padded, model(batch, attention_mask=mask).logits, 1e-4)
    model.to("cpu")
    return off


def check_gradient(model, ids):
    """The loss changes along its gradient as the gradient says; every weight has one."""
    trained = [p for p in model.parameters() if p.requires_grad]
    model(ids, labels=ids).loss.backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in trained), "a gradient is missing or not finite"
    length = torch.stack([p.grad.square().sum() for p in trained]).sum().sqrt()
    losses = []
    with torch.no_grad():
        for step in (STEP, -2 * STEP):
            for p in trained:
                p.add_(p.grad / length, alpha=step)
            losses.append(model(ids, labels=ids).loss.item())
    slope = (losses[0] - losses[1]) / (2 * STEP)
    assert abs(slope / length.item() - 1) < 0.05, f"the loss's slope along its gradient is {slope}; the gradient's length is {length.item()}"


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

        stored = json.loads((folder / "config.json").read_text())["dtype"]
        own = read(folder, dtype="auto")
        assert str(own.dtype) == f"torch.{stored}", f"the weights are {own.dtype}; config.json says {stored}"
        rounded = close("logits in bfloat16", read(folder, dtype=torch.bfloat16)(ids).logits, expected, BFLOAT16)

    check_gradient(read(folder, dtype=torch.float32), ids)

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

    compiled = check_compiled(model, ids, expected, batch, mask)  # last: it takes half a minute and more
    print(f"ok {folder.name}, stored in {stored}: logits off by {off:.1e}, in bfloat16 by {rounded:.1e}, compiled by {compiled:.1e}")


def main():
    for name in sys.argv[1:]:
        # transformers caches code by the folder's name.
        with tempfile.TemporaryDirectory(prefix=Path(name).name.replace("-", "_")) as copy:
            folder = Path(shutil.copytree(name, Path(copy) / Path(name).name.replace("-", "_")))
            check(folder)


main()
