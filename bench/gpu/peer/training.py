"""The authors' recipe in PyTorch: the paper's student on NX-AI's xlstm, bf16 autocast, fused AdamW, dense teacher logits.

training.py [BATCHxLENGTH[/MICRO] ...]: MICRO rows go through at once, gradients add up. Figures of the head and of single blocks come with the first shape.
A shape that takes more memory than there is, is said and left out.
"""
import math
import sys

import torch
from measure import BLOCKS, DEVICE, HEADS, VOCABULARY, WIDTH, figure, say

F = torch.nn.functional


def blocks(batch, length):
    from xlstm import (
        FeedForwardConfig, mLSTMBlockConfig, mLSTMLayerConfig, sLSTMBlockConfig, sLSTMLayerConfig, xLSTMBlockStack, xLSTMBlockStackConfig)

    return xLSTMBlockStack(xLSTMBlockStackConfig(
        mlstm_block=mLSTMBlockConfig(mlstm=mLSTMLayerConfig(conv1d_kernel_size=4, qkv_proj_blocksize=32, num_heads=HEADS)),
        slstm_block=sLSTMBlockConfig(
            slstm=sLSTMLayerConfig(backend="cuda", num_heads=HEADS, conv1d_kernel_size=4, bias_init="powerlaw_blockdependent", batch_size=batch),
            feedforward=FeedForwardConfig(proj_factor=1.7, act_fn="gelu")),
        context_length=length, num_blocks=BLOCKS, embedding_dim=WIDTH, slstm_at=[0, 2, 4])).to(DEVICE)


def use_kernel(stack, name):
    """Gives the mLSTM blocks another kernel of NX-AI's; its name, or None for the parallel form that the package comes with."""
    from mlstm_kernels.torch import get_mlstm_kernel

    kernel = get_mlstm_kernel(name)

    def run(queries, keys, values, igate_preact, fgate_preact, **_):
        out = kernel(
            queries.bfloat16(), keys.bfloat16(), values.bfloat16(), igate_preact.squeeze(-1).float(), fgate_preact.squeeze(-1).float(),
            return_last_states=False, chunk_size=128)
        return out[0] if isinstance(out, tuple) else out

    for block in stack.blocks:
        if hasattr(block.xlstm, "mlstm_cell"):
            block.xlstm.mlstm_cell.backend_fn = run


class Recipe:
    def __init__(self, batch, length):
        self.batch, self.length = batch, length
        self.ids = torch.randint(0, VOCABULARY, (batch, length), device=DEVICE)
        self.embedding = torch.nn.Embedding(VOCABULARY, WIDTH, device=DEVICE, dtype=torch.bfloat16).requires_grad_(False)
        self.head = torch.nn.Linear(WIDTH, VOCABULARY, bias=False, device=DEVICE, dtype=torch.bfloat16).requires_grad_(False)
        self.head.weight.data.normal_(0, 0.02)
        self.embedding.weight.data.normal_(0, 0.02)
        self.teacher_logits = torch.randn(batch, length, VOCABULARY, device=DEVICE, dtype=torch.bfloat16)
        self.teacher_hidden = torch.randn(batch, length, WIDTH, device=DEVICE)
        self.stack = blocks(batch, length)
        self.optimizer = torch.optim.AdamW(self.stack.parameters(), lr=2e-4, fused=True)

    def head_loss(self, hidden, alpha=0.8, temperature=2.0, beta=0.1):
        logits = self.head(hidden)
        ce = F.cross_entropy(logits[:, :-1].reshape(-1, VOCABULARY), self.ids[:, 1:].reshape(-1))
        student = F.log_softmax(logits.reshape(-1, VOCABULARY) / temperature, -1)
        teacher = F.softmax(self.teacher_logits.reshape(-1, VOCABULARY) / temperature, -1)
        return (1 - alpha - beta) * ce + alpha * temperature**2 * F.kl_div(student, teacher, reduction="batchmean")

    def step(self, micro_batches=1):
        for _ in range(micro_batches):
            with torch.autocast("cuda", torch.bfloat16):
                hidden = self.embedding(self.ids).float()
                for block in self.stack.blocks:
                    hidden = block(hidden)
                hidden = self.stack.post_blocks_norm(hidden)
                distance = torch.linalg.matrix_norm((self.teacher_hidden - hidden).float()).mean() / math.sqrt(hidden.numel())
                loss = (self.head_loss(hidden) + 0.1 * distance) / micro_batches
            loss.backward()
        torch.nn.utils.clip_grad_norm_(self.stack.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)

    def block(self, index):
        x = torch.randn(self.batch, self.length, WIDTH, device=DEVICE, requires_grad=True)
        with torch.autocast("cuda", torch.bfloat16):
            y = self.stack.blocks[index](x)
        y.sum().backward()

    def online(self):
        """The step with the teacher in it: its logits and mean hidden state are made anew each time."""
        name, stored = f"training step {self.batch} x {self.length}, online teacher", (self.teacher_logits, self.teacher_hidden)
        try:
            from teacher import create, dense

            model = create()
        except (ImportError, RuntimeError, TypeError, ValueError) as error:
            say(figure=name, failed=f"{type(error).__name__}: {str(error).strip().splitlines()[0][:200]}")
            return

        def run():
            self.teacher_logits, self.teacher_hidden = dense(model, self.ids)
            self.step()

        figure(name, run, self.batch * self.length, 8, 3, variant="mLSTM parallel")
        self.teacher_logits, self.teacher_hidden = stored

    def head_alone(self):
        hidden = torch.randn(self.batch, self.length, WIDTH, device=DEVICE, dtype=torch.bfloat16, requires_grad=True)

        def run():
            with torch.autocast("cuda", torch.bfloat16):
                loss = self.head_loss(hidden)
            loss.backward()
            hidden.grad = None

        figure("head + CE + KL", run, self.batch * self.length, variant="eager")
        figure("head + CE + KL", torch.compile(run), self.batch * self.length, variant="torch.compile")


def measure(shape, parts):
    rows, micro = (shape.split("/") + [None])[:2]
    batch, length = (int(size) for size in rows.split("x"))
    at_once = int(micro) if micro else batch
    recipe = Recipe(at_once, length)
    how = "" if at_once == batch else f", {at_once} rows at once"
    for kernel in (None, "chunkwise--triton_xl_chunk"):
        if kernel:
            try:
                use_kernel(recipe.stack, kernel)
            except (ImportError, ValueError) as error:
                say(figure=kernel, failed=str(error)[:200])
                continue
        short = at_once * length <= 4096 and batch == at_once
        figure(f"training step {batch} x {length}", lambda: recipe.step(batch // at_once), batch * length, 12 if short else 4, 4 if short else 1,
               variant=f"mLSTM {kernel or 'parallel'}{how}")
        if parts:
            figure("mLSTM block forward + backward", lambda: recipe.block(1), variant=kernel or "parallel")
        if parts and kernel is None:
            recipe.online()
    if parts:
        figure("sLSTM block forward + backward", lambda: recipe.block(0), variant="NX-AI's CUDA kernel")
        recipe.head_alone()


if __name__ == "__main__":
    torch.backends.cuda.matmul.allow_tf32 = True
    say(figure="machine", device=torch.cuda.get_device_name(), torch=torch.__version__)
    for number, shape in enumerate(sys.argv[1:] or ["8x512"]):
        try:
            measure(shape, parts=number == 0)
        except RuntimeError as error:
            say(figure=f"training step {shape}", failed=f"{type(error).__name__}: {str(error).strip().splitlines()[0][:200]}")
        torch.cuda.empty_cache()
