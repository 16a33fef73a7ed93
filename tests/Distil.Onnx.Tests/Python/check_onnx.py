"""Checks that ONNX Runtime in Python computes what Distil computes, in each folder given.

usage: python3 check_onnx.py FOLDER... (each an exported folder with case.json: tokens, logits of the last, and the greedy tokens that follow)
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime


def start(session):
    kinds = {"tensor(float)": np.float32, "tensor(int64)": np.int64}
    sizes = {"batch": 1, "past": 0}
    return {
        part.name: np.zeros([sizes.get(size, size) for size in part.shape], kinds[part.type])
        for part in session.get_inputs() if part.name.startswith("past.")
    }


def read(session, state, tokens):
    names = [output.name for output in session.get_outputs()]
    feeds = {**state, "input_ids": np.array([tokens], np.int64), "logits_to_keep": np.array([1], np.int64)}
    results = dict(zip(names, session.run(None, feeds)))
    return results["logits"][0, -1], {name: results[name.replace("past.", "present.")] for name in state}


def check(folder):
    case = json.loads((folder / "case.json").read_text())
    session = onnxruntime.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"])
    logits, state = read(session, start(session), case["tokens"])
    expected = np.array(case["logits"])
    off = np.abs(logits - expected).max() / np.abs(expected).max()
    assert off <= 1e-4, f"logits are off by {off:.2e} of the largest value; 1e-04 allowed"
    greedy = []
    while len(greedy) < len(case["greedy"]):
        greedy.append(int(logits.argmax()))
        logits, state = read(session, state, greedy[-1:])
    assert greedy == case["greedy"], f"greedy tokens {greedy}, expected {case['greedy']}"
    print(f"{folder.name}: logits off by {off:.1e}")


for name in sys.argv[1:]:
    check(Path(name))
