"""The student of Distil-xLSTM (arXiv 2503.18565): a Transformer's embedding and head around a stack of sLSTM and mLSTM blocks."""

import math

import torch
from torch import nn
from torch.nn import functional as F
from transformers import GenerationMixin, PreTrainedModel

from .configuration_distil_xlstm import DistilXlstmConfig
from .mlstm_cell import mlstm, start
from .student_generation import StudentGeneration, mask_of

ACTIVATIONS = {
    "gelu": F.gelu, "relu": F.relu, "relu^2": lambda x: F.relu(x).square(), "sigmoid": torch.sigmoid, "swish": F.silu, "selu": F.selu,
}


def rounded_up(factor, width):
    """A projection's width: the product, rounded up to a multiple of 64."""
    return math.ceil(factor * width / 64) * 64


class Norm(nn.Module):
    """A norm without bias; a stored weight w acts as 1 + w. With heads, each is normalised by itself."""

    def __init__(self, width, heads=1):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(width))
        self.heads = heads

    def forward(self, x):
        split = x.float().unflatten(-1, (self.heads, -1))
        normed = F.layer_norm(split, split.shape[-1:], eps=1e-5).flatten(-2)
        return (normed * (1 + self.weight.float())).to(x.dtype)


class CausalConvolution(nn.Module):
    """SiLU of a depthwise convolution over the last K positions."""

    def __init__(self, width, kernel):
        super().__init__()
        self.conv = nn.Conv1d(width, width, kernel, groups=width)
        self.kernel = kernel

    def start(self, x):
        return x.new_zeros(x.shape[0], self.kernel - 1, x.shape[2])

    def forward(self, x, tail, mask):
        if mask is not None:
            x = x * mask[..., None]
        seen = torch.cat([tail, x], 1)
        return F.silu(self.conv(seen.transpose(1, 2))).transpose(1, 2), seen[:, seen.shape[1] - (self.kernel - 1):]


class Blocks(nn.Module):
    """A block-diagonal matrix, stored (blocks, out, in)."""

    def __init__(self, blocks, size):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(blocks, size, size))

    def forward(self, x):
        blocks, _, size = self.weight.shape
        return torch.einsum("bsni,noi->bsno", x.unflatten(-1, (blocks, size)), self.weight)


class MLstmGates(nn.Module):
    """The gates of an mLSTM, from query, key and value of all heads, and the norm of its heads."""

    def __init__(self, inner, heads):
        super().__init__()
        self.igate, self.fgate = nn.Linear(3 * inner, heads), nn.Linear(3 * inner, heads)
        self.outnorm = Norm(inner, heads)


class MLstmLayer(nn.Module):
    def __init__(self, config):
        super().__init__()
        options = config.xlstm_config["mlstm_block"]["mlstm"]
        inner = rounded_up(options.get("proj_factor", 2.0), config.hidden_size)
        self.heads, size = options.get("num_heads", 4), options.get("qkv_proj_blocksize", 4)
        self.proj_up = nn.Linear(config.hidden_size, 2 * inner, bias=False)
        self.conv1d = CausalConvolution(inner, options.get("conv1d_kernel_size", 4))
        self.q_proj, self.k_proj, self.v_proj = (Blocks(inner // size, size) for _ in range(3))
        self.mlstm_cell = MLstmGates(inner, self.heads)
        self.learnable_skip = nn.Parameter(torch.ones(inner))
        self.proj_down = nn.Linear(inner, config.hidden_size, bias=False)

    def forward(self, x, state, mask):
        inner, gate = self.proj_up(x).chunk(2, -1)
        if state is None:
            size = inner.shape[2] // self.heads
            state = (self.conv1d.start(inner), start(x.shape[0], self.heads, size, size, False, x.device))
        convolved, tail = self.conv1d(inner, state[0], mask)
        q, k, v = self.q_proj(convolved).flatten(2), self.k_proj(convolved).flatten(2), self.v_proj(inner).flatten(2)
        joined, cell = torch.cat([q, k, v], -1).float(), self.mlstm_cell
        gates = [F.linear(joined, part.weight.float(), part.bias.float()).transpose(1, 2) for part in (cell.igate, cell.fgate)]
        heads = [t.float().unflatten(-1, (self.heads, -1)).transpose(1, 2) for t in (q, k, v)]
        h, memory = mlstm(*heads, *gates, state[1], mask)
        h = cell.outnorm(h.transpose(1, 2).flatten(2)).to(x.dtype)
        return self.proj_down((h + self.learnable_skip * convolved) * F.silu(gate)), (tail, memory)


class MLstmBlock(nn.Module):
    """x += mLSTM(norm(x))"""

    def __init__(self, config):
        super().__init__()
        self.xlstm_norm, self.xlstm = Norm(config.hidden_size), MLstmLayer(config)

    def forward(self, x, state, mask):
        mixed, state = self.xlstm(self.xlstm_norm(x), state, mask)
        return x + mixed, state


class SLstmCell(nn.Module):
    """Recurrent weights, in the layout that the config calls backend: cuda (NH, DH, 4 DH) or vanilla (NH, 4 DH, DH)."""

    def __init__(self, width, heads, vanilla):
        super().__init__()
        size = width // heads
        self.heads, self.vanilla = heads, vanilla
        self._recurrent_kernel_ = nn.Parameter(torch.zeros(heads, 4 * size, size) if vanilla else torch.zeros(heads, size, 4 * size))
        self._bias_ = nn.Parameter(torch.zeros(4 * width))

    def forward(self, gates, state, mask):
        """gates: i, f, z, o of each head before the recurrent part, (B, S, NH, 4 DH), float32. Returns h, (B, S, NH, DH), and the state (h, c, n, m)."""
        kernel, bias = self._recurrent_kernel_.float(), self._bias_.float()
        if self.vanilla:
            kernel, bias = kernel.transpose(1, 2), bias.view(4, self.heads, -1).transpose(0, 1)
        gates = gates + bias.reshape(self.heads, -1)
        outputs = []
        for t in range(gates.shape[1]):
            h, c, n, m = state
            i, f, z, o = (gates[:, t] + torch.einsum("bhd,hdo->bho", h, kernel)).chunk(4, -1)
            kept = F.logsigmoid(f) + m
            most = torch.maximum(i, kept)
            write, keep = (i - most).exp(), (kept - most).exp()
            c, n = keep * c + write * torch.tanh(z), keep * n + write
            new = (torch.sigmoid(o) * c / n, c, n, most)
            outputs.append(new[0])
            if mask is not None:
                new = tuple(torch.where(mask[:, t, None, None], after, before) for after, before in zip(new, state))
            state = new
        return torch.stack(outputs, 1), state


class SLstmLayer(nn.Module):
    """The reference feeds the input gate from the weights named fgate, and the forget gate from igate."""

    def __init__(self, config):
        super().__init__()
        options = config.xlstm_config["slstm_block"]["slstm"]
        self.heads = options.get("num_heads", 4)
        self.size = config.hidden_size // self.heads
        self.conv1d = CausalConvolution(config.hidden_size, options.get("conv1d_kernel_size", 4))
        self.igate, self.fgate, self.zgate, self.ogate = (Blocks(self.heads, self.size) for _ in range(4))
        self.slstm_cell = SLstmCell(config.hidden_size, self.heads, options.get("backend", "cuda") == "vanilla")
        self.group_norm = Norm(config.hidden_size, self.heads)

    def forward(self, x, state, mask):
        if state is None:
            zeros = torch.zeros(x.shape[0], self.heads, self.size, device=x.device)
            state = (self.conv1d.start(x), (zeros, zeros, zeros, torch.full_like(zeros, float("-inf"))))
        convolved, tail = self.conv1d(x, state[0], mask)
        gates = torch.cat([self.fgate(convolved), self.igate(convolved), self.zgate(x), self.ogate(x)], -1).float()
        h, cells = self.slstm_cell(gates, state[1], mask)
        return self.group_norm(h.flatten(2)).to(x.dtype), (tail, cells)


class FeedForward(nn.Module):
    def __init__(self, config):
        super().__init__()
        options = config.xlstm_config["slstm_block"].get("feedforward", {})
        inner = rounded_up(options.get("proj_factor", 1.3), config.hidden_size)
        self.proj_up = nn.Linear(config.hidden_size, 2 * inner, bias=False)
        self.proj_down = nn.Linear(inner, config.hidden_size, bias=False)
        self.activation = ACTIVATIONS[options.get("act_fn", "gelu")]

    def forward(self, x):
        gate, up = self.proj_up(x).chunk(2, -1)
        return self.proj_down(self.activation(gate) * up)


class SLstmBlock(nn.Module):
    """x += sLSTM(norm(x)); x += feed-forward(norm(x))"""

    def __init__(self, config):
        super().__init__()
        self.xlstm_norm, self.xlstm = Norm(config.hidden_size), SLstmLayer(config)
        self.ffn_norm, self.ffn = Norm(config.hidden_size), FeedForward(config)

    def forward(self, x, state, mask):
        mixed, state = self.xlstm(self.xlstm_norm(x), state, mask)
        x = x + mixed
        return x + self.ffn(self.ffn_norm(x)), state


class Stack(nn.Module):
    def __init__(self, config):
        super().__init__()
        stack = config.xlstm_config
        slstm = set(stack.get("slstm_at", [])) if "mlstm_block" in stack else set(range(config.num_hidden_layers))
        self.blocks = nn.ModuleList(SLstmBlock(config) if i in slstm else MLstmBlock(config) for i in range(config.num_hidden_layers))
        self.post_blocks_norm = Norm(config.hidden_size)


class DistilXlstmPreTrainedModel(PreTrainedModel):
    config_class = DistilXlstmConfig
    base_model_prefix = "xlstm"
    _no_split_modules = ["MLstmBlock", "SLstmBlock"]
    _is_stateful = True


class DistilXlstmModel(DistilXlstmPreTrainedModel):
    """The student without its head."""

    def __init__(self, config):
        super().__init__(config)
        self.embedding = nn.Embedding(config.vocab_size, config.hidden_size)
        self.backbone = Stack(config)
        self.post_init()

    def get_input_embeddings(self):
        return self.embedding

    def set_input_embeddings(self, value):
        self.embedding = value

    def forward(self, input_ids, attention_mask=None, cache_params=None, **kwargs):
        """input_ids: (B, S). Returns the final hidden state, (B, S, D), and the state after the last position, a tuple of fixed size."""
        x, mask = self.embedding(input_ids), mask_of(attention_mask)
        states = []
        for i, block in enumerate(self.backbone.blocks):
            x, state = block(x, None if cache_params is None else cache_params[i], mask)
            states.append(state)
        return self.backbone.post_blocks_norm(x), tuple(states)


class DistilXlstmForCausalLM(DistilXlstmPreTrainedModel, StudentGeneration, GenerationMixin):
    _tied_weights_keys = {"lm_head.weight": "xlstm.embedding.weight"}

    def __init__(self, config):
        super().__init__(config)
        self.xlstm = DistilXlstmModel(config)
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        self.post_init()

    def get_input_embeddings(self):
        return self.xlstm.embedding

    def set_input_embeddings(self, value):
        self.xlstm.embedding = value

    def get_output_embeddings(self):
        return self.lm_head

    def set_output_embeddings(self, value):
        self.lm_head = value

    def forward(self, input_ids, attention_mask=None, cache_params=None, labels=None, use_cache=None, logits_to_keep=0, **kwargs):
        """input_ids: (B, S); attention_mask: (B, S), 0 at padding; cache_params: the state of an earlier call; labels: (B, S), -100 where none counts."""
        use_cache = self.config.use_cache if use_cache is None else use_cache
        hidden, state = self.xlstm(input_ids, attention_mask, cache_params)
        return self._answer(hidden, self.lm_head, state, labels, use_cache, logits_to_keep)
