"""A linearised student in plain PyTorch, bf16 autocast, torch.compile for each layer and for the loss, fused AdamW: stage II from stored sparse outputs.

linearised.py [SIZE] [ROWSxLENGTH/MICRO ...]: SIZE is 0.5B (default) or 1.5B; MICRO rows go through at once, gradients add up. The memory is the dense parallel form
over all pairs of positions, as a prototype has it; the window is torch's scaled_dot_product_attention with a mask.
"""
import sys

import torch
from measure import DEVICE, VOCABULARY, figure

F = torch.nn.functional
SHAPES = {"0.5B": (896, 4864, 24, 14, 64), "1.5B": (1536, 8960, 28, 12, 128)}
SHARED, SINKS, KEPT = 2, 4, 64


class Layer(torch.nn.Module):
    def __init__(self, width, inner, heads, size):
        super().__init__()
        self.heads, self.size = heads, size
        linear = lambda out, into, bias=False: torch.nn.Linear(into, out, bias=bias)
        self.q, self.k, self.v = linear(heads * size, width, True), linear(SHARED * size, width, True), linear(SHARED * size, width, True)
        self.o, self.gate, self.up, self.down = linear(width, heads * size), linear(inner, width), linear(inner, width), linear(width, inner)
        self.norm1, self.norm2 = torch.nn.RMSNorm(width, 1e-6), torch.nn.RMSNorm(width, 1e-6)
        eye = torch.eye(size).repeat(heads, 1, 1)
        self.fq, self.fk = torch.nn.Parameter(eye.clone()), torch.nn.Parameter(eye.clone())
        self.i, self.f, self.g = linear(heads, width, True), linear(heads, width, True), linear(heads * size, width, True)
        self.mix, self.mix_bias = torch.nn.Parameter(torch.zeros(heads, 3 * size)), torch.nn.Parameter(torch.full((heads,), -2.2))

    def forward(self, x, cos, sin, causal, window):
        b, s, _ = x.shape
        rotate = lambda t: t * cos + torch.cat((-t[..., self.size // 2:], t[..., :self.size // 2]), -1) * sin
        split = lambda t, n: t.view(b, s, n, self.size).transpose(1, 2)
        y = self.norm1(x)
        q = split(self.q(y), self.heads)
        k, v = (split(p(y), SHARED).repeat_interleave(self.heads // SHARED, 1) for p in (self.k, self.v))
        q2, k2 = rotate(q).to(v.dtype), rotate(k).to(v.dtype)
        i, f = self.i(y).transpose(1, 2).float(), F.logsigmoid(self.f(y).float()).transpose(1, 2).cumsum(-1)
        decay = (f[..., :, None] - f[..., None, :] + i[..., None, :]).masked_fill(~causal, float("-inf"))
        weights = ((q2 @ self.fq).softmax(-1) @ (k2 @ self.fk).softmax(-1).transpose(-1, -2)) * (decay - decay.amax(-1, keepdim=True)).exp()
        memory = (weights.to(v.dtype) @ v) / weights.sum(-1, keepdim=True) * split(self.g(y), self.heads).sigmoid()
        if window is not None:
            share = ((torch.cat((q, k, v), -1) * self.mix[:, None]).sum(-1) + self.mix_bias[:, None]).sigmoid()[..., None]
            memory = share * memory + (1 - share) * F.scaled_dot_product_attention(q2, k2, v, attn_mask=window)
        x = x + self.o(memory.to(v.dtype).transpose(1, 2).reshape(b, s, -1))
        z = self.norm2(x)
        return x + self.down(F.silu(self.gate(z)) * self.up(z))


def loss_of(hidden, head, ids, kept, logs, tail):
    logits = F.linear(hidden, head).float()
    log = logits.log_softmax(-1)
    ce = -log[:, :-1].gather(-1, ids[:, 1:, None]).mean()
    own = log.gather(-1, kept)
    rest = torch.log1p(-own.exp().sum(-1).clamp(max=1 - 1e-6))
    kl = ((logs.exp() * (logs - own)).sum(-1) + tail.exp() * (tail - rest)).mean()
    return 0.1 * ce + 0.9 * kl


class Student:
    def __init__(self, name, rows, length, micro, window):
        width, inner, layers, heads, size = SHAPES[name]
        self.rows, self.micro, self.length = rows, micro, length
        self.layers = torch.nn.ModuleList(Layer(width, inner, heads, size) for _ in range(layers)).to(DEVICE)
        self.final = torch.nn.RMSNorm(width, 1e-6).to(DEVICE)
        self.embedding = (torch.randn(VOCABULARY, width, device=DEVICE) * 0.02)
        self.head = self.embedding.bfloat16()
        self.parameters = [*self.layers.parameters(), *self.final.parameters()]
        self.optimizer = torch.optim.AdamW(self.parameters, lr=1e-4, fused=True)
        self.layer, self.loss = torch.compile(lambda m, *a: m(*a)), torch.compile(loss_of)
        angles = torch.outer(torch.arange(length, device=DEVICE).float(), 1e6 ** (-torch.arange(0, size, 2, device=DEVICE).float() / size))
        angles = torch.cat((angles, angles), -1)
        self.cos, self.sin = angles.cos(), angles.sin()
        at = torch.arange(length, device=DEVICE)
        self.causal = at[:, None] >= at[None]
        self.window = self.causal & ((at[:, None] - at[None] < window) | (at[None] < SINKS)) if window else None
        self.ids = torch.randint(VOCABULARY, (rows, length), device=DEVICE)
        self.kept = torch.randint(VOCABULARY // KEPT, (rows, length, KEPT), device=DEVICE) + torch.arange(KEPT, device=DEVICE) * (VOCABULARY // KEPT)
        logs = (torch.randn(rows, length, 4 * KEPT, device=DEVICE) * 3).log_softmax(-1)
        self.logs, self.tail = logs[..., :KEPT].contiguous(), logs[..., KEPT:].logsumexp(-1)

    def step(self):
        for start in range(0, self.rows, self.micro):
            part = slice(start, start + self.micro)
            with torch.autocast("cuda", torch.bfloat16):
                x = F.embedding(self.ids[part], self.embedding)
                for m in self.layers:
                    x = self.layer(m, x, self.cos, self.sin, self.causal, self.window)
                loss = self.loss(self.final(x), self.head, self.ids[part], self.kept[part], self.logs[part], self.tail[part]) * self.micro / self.rows
            loss.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)


def main():
    name, *shapes = sys.argv[1:] or ["0.5B"]
    for shape in shapes or ["8x2048/4"]:
        size, micro = shape.split("/")
        rows, length = map(int, size.split("x"))
        for window in (512, 0):
            student = None
            torch._dynamo.reset()
            student = Student(name, rows, length, int(micro), window)
            figure(
                f"linearised stage II step {name} {rows} x {length}, W {window}", student.step, rows * length, runs=5, warm_up=2,
                variant=f"torch.compile, {micro} rows at once")
            del student
            torch.cuda.empty_cache()


main()
