"""real_teacher.py DATA [SECONDS]: trains a Qwen2-shaped teacher of 32 M parameters on DATA/train.npy, of real_text.py, and writes DATA/teacher.

Plain PyTorch with torch.compile: bf16 autocast, fp32 weights. One or two passes over the tokens, as many as SECONDS (150) allow at the speed measured first.
"""
import json
import math
import os
import sys
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch.nn import functional as F

DATA, SECONDS = Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 150
LAYERS, WIDTH, HEADS, KEYS, INNER, CONTEXT = map(int, os.environ.get("TEACHER", "8 512 8 4 1408 1024").split())
ROWS, RATE, WARM_UP, EPSILON, THETA = int(os.environ.get("ROWS", 64)), 2e-3, 200, 1e-6, 10_000
HEAD, DEVICE = WIDTH // HEADS, "cuda" if torch.cuda.is_available() else "cpu"
VOCABULARY = len(json.loads((DATA / "teacher/tokenizer.json").read_text())["model"]["vocab"])


def rotate(x, cos, sin):
    return x * cos + torch.cat((-x[..., HEAD // 2:], x[..., :HEAD // 2]), -1) * sin


def norm(x, weight):
    return (x.float() * torch.rsqrt(x.float().pow(2).mean(-1, keepdim=True) + EPSILON)) * weight


class Teacher(torch.nn.Module):
    """Parameters by the names of transformers' Qwen2ForCausalLM, with '/' for '.'."""

    def __init__(self):
        super().__init__()
        new = lambda *shape: torch.nn.Parameter(torch.randn(*shape) * 0.02)
        shapes = {"model.embed_tokens.weight": new(VOCABULARY, WIDTH), "model.norm.weight": torch.nn.Parameter(torch.ones(WIDTH))}
        for i in range(LAYERS):
            at = f"model.layers.{i}."
            for name, width in (("q", WIDTH), ("k", KEYS * HEAD), ("v", KEYS * HEAD)):
                shapes[f"{at}self_attn.{name}_proj.weight"] = new(width, WIDTH)
                shapes[f"{at}self_attn.{name}_proj.bias"] = torch.nn.Parameter(torch.zeros(width))
            shapes |= {f"{at}self_attn.o_proj.weight": new(WIDTH, WIDTH), f"{at}mlp.gate_proj.weight": new(INNER, WIDTH), f"{at}mlp.up_proj.weight": new(INNER, WIDTH),
                       f"{at}mlp.down_proj.weight": new(WIDTH, INNER), f"{at}input_layernorm.weight": torch.nn.Parameter(torch.ones(WIDTH)),
                       f"{at}post_attention_layernorm.weight": torch.nn.Parameter(torch.ones(WIDTH))}
        self.weights = torch.nn.ParameterDict({name.replace(".", "/"): value for name, value in shapes.items()})
        angles = torch.outer(torch.arange(CONTEXT).float(), 1.0 / THETA ** (torch.arange(0, HEAD, 2).float() / HEAD)).repeat(1, 2)
        self.register_buffer("cos", angles.cos())
        self.register_buffer("sin", angles.sin())

    def forward(self, ids):
        w = {name.replace("/", "."): value for name, value in self.weights.items()}
        rows, length = ids.shape
        x = F.embedding(ids, w["model.embed_tokens.weight"])
        for i in range(LAYERS):
            at = f"model.layers.{i}."
            z = norm(x, w[at + "input_layernorm.weight"])
            q, k, v = (F.linear(z, w[f"{at}self_attn.{n}_proj.weight"], w[f"{at}self_attn.{n}_proj.bias"]).view(rows, length, -1, HEAD).transpose(1, 2) for n in "qkv")
            q, k = rotate(q, self.cos, self.sin).to(v.dtype), rotate(k, self.cos, self.sin).to(v.dtype)
            k, v = (t.repeat_interleave(HEADS // KEYS, 1) for t in (k, v))
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(rows, length, WIDTH)
            x = x + F.linear(y, w[at + "self_attn.o_proj.weight"])
            z = norm(x, w[at + "post_attention_layernorm.weight"])
            x = x + F.linear(F.silu(F.linear(z, w[at + "mlp.gate_proj.weight"])) * F.linear(z, w[at + "mlp.up_proj.weight"]), w[at + "mlp.down_proj.weight"])
        logits = F.linear(norm(x, w["model.norm.weight"]), w["model.embed_tokens.weight"])
        return F.cross_entropy(logits[:, :-1].reshape(-1, VOCABULARY).float(), ids[:, 1:].reshape(-1))


def main():
    torch.manual_seed(1)
    torch.backends.cuda.matmul.allow_tf32 = True
    ids = np.load(DATA / "train.npy")
    rows = torch.from_numpy(ids[:len(ids) // CONTEXT * CONTEXT].reshape(-1, CONTEXT).astype(np.int32)).to(DEVICE)
    held = torch.tensor([json.loads(line)["ids"] for line in open(DATA / "eval.jsonl")], device=DEVICE)
    model = Teacher().to(DEVICE)
    loss_of = torch.compile(model) if DEVICE == "cuda" else model
    matrices = [p for p in model.parameters() if p.dim() > 1]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": 0.1}, {"params": [p for p in model.parameters() if p.dim() == 1], "weight_decay": 0.0}],
        lr=RATE, betas=(0.9, 0.95), **({"fused": True} if DEVICE == "cuda" else {}))
    epoch, began, step, total = len(rows) // ROWS, time.time(), 0, None
    order = torch.cat([torch.randperm(len(rows))[:epoch * ROWS] for _ in range(2)]).to(DEVICE).view(-1, ROWS)

    def run(batch):
        with torch.autocast(DEVICE, torch.bfloat16):
            return loss_of(batch.long())

    def now():
        if DEVICE == "cuda":
            torch.cuda.synchronize()
        return time.time()

    while total is None or step < total:
        if step == 20:  # the first steps were compiled
            timed = now()
        if step == 40:
            seconds = (now() - timed) / 20
            total = max(epoch, min(len(order), int((SECONDS - (time.time() - began)) / seconds)))
            print(json.dumps({"ms a step": round(seconds * 1e3, 1), "tokens/s": round(ROWS * CONTEXT / seconds), "steps": total, "steps an epoch": epoch}), flush=True)
        done = step / (total or len(order))
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1, (step + 1) / WARM_UP) * 0.5 * (1 + math.cos(math.pi * min(1, done)))
        loss = run(rows[order[step]])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        step += 1
        if step % 200 == 0 or step == 40:
            print(json.dumps({"step": step, "loss": round(loss.item(), 4), "s": round(time.time() - began, 1)}), flush=True)

    with torch.no_grad():
        losses = [run(held[i:i + ROWS]).item() for i in range(0, len(held) // ROWS * ROWS or len(held), ROWS)]
    print(json.dumps({"held-out CE": round(sum(losses) / len(losses), 4), "parameters": sum(p.numel() for p in model.parameters()), "steps": step,
                      "tokens": step * ROWS * CONTEXT, "s": round(now() - began, 1)}), flush=True)
    save_file({n.replace("/", "."): p.detach().cpu().contiguous() for n, p in model.weights.items()}, DATA / "teacher/model.safetensors", {"format": "pt"})
    (DATA / "teacher/config.json").write_text(json.dumps({
        "architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "hidden_act": "silu", "hidden_size": WIDTH, "intermediate_size": INNER,
        "max_position_embeddings": CONTEXT, "num_attention_heads": HEADS, "num_hidden_layers": LAYERS, "num_key_value_heads": KEYS, "rms_norm_eps": EPSILON,
        "rope_theta": THETA, "tie_word_embeddings": True, "torch_dtype": "float32", "vocab_size": VOCABULARY, "eos_token_id": 0, "bos_token_id": 0}, indent=1))


main()
