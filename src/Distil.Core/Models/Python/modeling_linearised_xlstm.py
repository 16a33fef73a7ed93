"""A linearised student: its teacher's layers, with an mLSTM over softmax features in the place of attention, alone or mixed with attention over a window."""

import math

import torch
from torch import nn
from torch.nn import functional as F
from transformers import GenerationMixin, PreTrainedModel

from .configuration_linearised_xlstm import LinearisedXlstmConfig
from .mlstm_cell import mlstm, start
from .student_generation import StudentGeneration, mask_of

# Queries whose window is looked up at once.
BLOCK = 256


class RmsNorm(nn.Module):
    def __init__(self, width, epsilon):
        super().__init__()
        self.weight, self.epsilon = nn.Parameter(torch.ones(width)), epsilon

    def forward(self, x):
        wide = x.float()
        return self.weight * (wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + self.epsilon)).to(x.dtype)


def frequencies(teacher, size, device):
    """Rotary frequencies, (DH / 2), in radians a position, with Llama 3's scaling if the teacher has it."""
    exact = torch.arange(0, size, 2, dtype=torch.float64, device=device) / size
    plain = teacher.get("rope_theta", 10000.0) ** -exact
    scaling = teacher.get("rope_scaling")
    if scaling:
        low, high = scaling["low_freq_factor"], scaling["high_freq_factor"]
        turns = scaling["original_max_position_embeddings"] * plain / (2 * math.pi)
        kept = ((turns - low) / (high - low)).clamp(0, 1)
        plain = kept * plain + (1 - kept) * plain / scaling["factor"]
    return plain.float()


def rotate(x, angles):
    """x: (B, NH, S, DH); angles: cos and sin, (B, 1, S, DH)."""
    first, second = x.chunk(2, -1)
    return x * angles[0] + torch.cat([-second, first], -1) * angles[1]


def attend(q, k, v, visible):
    """Softmax attention. q: (B, NH, S, DH); k, v: (B, NH, T, DH); visible: (B, S, T), which keys a query sees."""
    scores = q.float() @ k.float().transpose(-2, -1) / math.sqrt(q.shape[-1])
    scores = scores.masked_fill(~visible[:, None], torch.finfo(torch.float32).min)
    return (scores.softmax(-1) @ v.float()).to(q.dtype)


def room(like, length):
    """Rotated keys, values (B, KVH, length, DH) and their positions (B, length): empty, which is a position of -1, as that of padding."""
    empty = like.new_zeros(like.shape[0], like.shape[1], length, like.shape[3])
    return empty, empty, torch.full((like.shape[0], length), -1, dtype=torch.long, device=like.device)


def append(old, new):
    return torch.cat([old[0], new[0]], 2), torch.cat([old[1], new[1]], 2), torch.cat([old[2], new[2]], 1)


def part(stored, here):
    return stored[0][:, :, here], stored[1][:, :, here], stored[2][:, here]


def with_first(sinks, new):
    """The sinks, to which those of the new positions are added that are a text's first."""
    slots = torch.arange(sinks[2].shape[1], device=sinks[2].device)
    match = new[2][:, None, :] == slots[None, :, None]
    found, choose = match.any(-1), match[:, None].to(new[0].dtype)
    keys, values = (torch.where(found[:, None, :, None], choose @ after, before) for before, after in zip(sinks[:2], new[:2]))
    return keys, values, torch.where(found, slots[None], sinks[2])


class Gate(nn.Module):
    """Weights (NH, n) and a bias of each head."""

    def __init__(self, heads, size):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.zeros(heads, size)), nn.Parameter(torch.zeros(heads))


class Features(nn.Module):
    """Softmax of a learnt map of rotated queries or keys."""

    def __init__(self, heads, size, both):
        super().__init__()
        self.weight, self.both = nn.Parameter(torch.eye(size).repeat(heads, 1, 1)), both

    def forward(self, rotated):
        u = rotated.float() @ self.weight.float()
        return torch.cat([u.softmax(-1), (-u).softmax(-1)], -1) if self.both else u.softmax(-1)


class Memory(nn.Module):
    def __init__(self, config, heads, size):
        super().__init__()
        both = config.feature_map == "both"
        self.query_features, self.key_features = Features(heads, size, both), Features(heads, size, both)
        self.input_gate, self.forget_gate = nn.Linear(config.hidden_size, heads), nn.Linear(config.hidden_size, heads)
        self.output_gate = nn.Linear(config.hidden_size, heads * size) if config.output_gate else None

    def forward(self, x, q, k, v, state, mask):
        """x: the layer's normed input; q, k rotated, v: (B, NH, S, DH) each. Returns (B, NH, S, DH) and the state."""
        features, keys = self.query_features(q), self.key_features(k)
        gates = [F.linear(x.float(), gate.weight.float(), gate.bias.float()).transpose(1, 2) for gate in (self.input_gate, self.forget_gate)]
        if state is None:
            state = start(x.shape[0], q.shape[1], features.shape[-1], v.shape[-1], True, x.device)
        h, state = mlstm(features, keys, v.float(), *gates, state, mask, plain=True)
        if self.output_gate is not None:
            h = h * torch.sigmoid(self.output_gate(x).float()).unflatten(-1, (q.shape[1], -1)).transpose(1, 2)
        return h.to(x.dtype), state


class Mixer(nn.Module):
    """The layer's projections, with the teacher's attention or with what replaces it."""

    def __init__(self, config, layer):
        super().__init__()
        teacher = config.transformer
        self.heads = teacher["num_attention_heads"]
        self.shared = teacher.get("num_key_value_heads", self.heads)
        self.size = teacher.get("head_dim") or config.hidden_size // self.heads
        self.window, self.sinks, self.kept = config.window, config.sinks, layer in config.keep_attention
        family, bias = teacher["model_type"], teacher.get("attention_bias", False)

        def projection(heads):
            return nn.Linear(config.hidden_size, heads * self.size, bias=bias or family == "qwen2")

        self.q_proj, self.k_proj, self.v_proj = projection(self.heads), projection(self.shared), projection(self.shared)
        self.o_proj = nn.Linear(self.heads * self.size, config.hidden_size, bias=bias and family != "qwen2")
        epsilon = teacher.get("rms_norm_eps", 1e-6)
        self.q_norm, self.k_norm = (RmsNorm(self.size, epsilon), RmsNorm(self.size, epsilon)) if family == "qwen3" else (None, None)
        if not self.kept:
            self.mlstm = Memory(config, self.heads, self.size)
            if self.window > 0:
                self.mix = Gate(self.heads, 3 * self.size)

    def forward(self, x, positions, angles, state, mask):
        def split(flat, norm):
            heads = flat.unflatten(-1, (-1, self.size))
            return (heads if norm is None else norm(heads)).transpose(1, 2)

        def repeat(t):
            return t.repeat_interleave(self.heads // self.shared, 1)

        q, k, v = split(self.q_proj(x), self.q_norm), split(self.k_proj(x), self.k_norm), split(self.v_proj(x), None)
        rotated_q, rotated_k = rotate(q, angles), rotate(k, angles)
        new = (rotated_k, v, positions)
        if self.kept:
            known = new if state is None else append(state, new)
            visible = (known[2][:, None] >= 0) & (known[2][:, None] <= positions[:, :, None])
            return self._join(attend(rotated_q, repeat(known[0]), repeat(known[1]), visible)), known

        memory, window, sinks = (None, room(k, self.window), room(k, self.sinks)) if state is None else state
        mixed, memory = self.mlstm(x, rotated_q, repeat(rotated_k), repeat(v), memory, mask)
        if self.window > 0:
            share = (torch.cat([q, repeat(k), repeat(v)], -1).float() * self.mix.weight[:, None].float()).sum(-1, keepdim=True)
            share = torch.sigmoid(share + self.mix.bias[:, None, None].float()).to(x.dtype)
            recent, sinks = append(window, new), with_first(sinks, new)
            mixed = share * mixed + (1 - share) * self._look(rotated_q, positions, recent, sinks, repeat)
            window = part(recent, slice(recent[2].shape[1] - self.window, None))
        return self._join(mixed), (memory, window, sinks)

    def _look(self, q, positions, recent, sinks, repeat):
        """The window's attention. recent: the W positions before the queries, and theirs."""
        outputs = []
        for first in range(0, q.shape[2], BLOCK):
            last = min(first + BLOCK, q.shape[2])
            keys, values, known = part(recent, slice(first + 1, self.window + last))
            t = positions[:, first:last, None]
            # A sink inside the window is seen there, so that nothing counts twice.
            early = (sinks[2][:, None] >= 0) & (sinks[2][:, None] <= t - self.window)
            late = (known[:, None] >= 0) & (known[:, None] <= t) & (known[:, None] > t - self.window)
            keys, values = torch.cat([sinks[0], keys], 2), torch.cat([sinks[1], values], 2)
            outputs.append(attend(q[:, :, first:last], repeat(keys), repeat(values), torch.cat([early, late], -1)))
        return torch.cat(outputs, 2)

    def _join(self, mixed):
        return self.o_proj(mixed.transpose(1, 2).flatten(2))


class FeedForward(nn.Module):
    def __init__(self, config):
        super().__init__()
        teacher, width = config.transformer, config.hidden_size
        inner, bias = teacher["intermediate_size"], teacher.get("mlp_bias", False)
        self.gate_proj, self.up_proj = nn.Linear(width, inner, bias=bias), nn.Linear(width, inner, bias=bias)
        self.down_proj = nn.Linear(inner, width, bias=bias)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    def __init__(self, config, layer):
        super().__init__()
        epsilon = config.transformer.get("rms_norm_eps", 1e-6)
        self.input_layernorm, self.post_attention_layernorm = RmsNorm(config.hidden_size, epsilon), RmsNorm(config.hidden_size, epsilon)
        self.self_attn, self.mlp = Mixer(config, layer), FeedForward(config)

    def forward(self, x, positions, angles, state, mask):
        mixed, state = self.self_attn(self.input_layernorm(x), positions, angles, state, mask)
        x = x + mixed
        return x + self.mlp(self.post_attention_layernorm(x)), state


class LinearisedXlstmPreTrainedModel(PreTrainedModel):
    config_class = LinearisedXlstmConfig
    base_model_prefix = "model"
    _no_split_modules = ["Layer"]
    _is_stateful = True


class LinearisedXlstmModel(LinearisedXlstmPreTrainedModel):
    """The student without its head."""

    def __init__(self, config):
        super().__init__(config)
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size)
        self.layers = nn.ModuleList(Layer(config, i) for i in range(config.num_hidden_layers))
        self.norm = RmsNorm(config.hidden_size, config.transformer.get("rms_norm_eps", 1e-6))
        self.post_init()

    def get_input_embeddings(self):
        return self.embed_tokens

    def set_input_embeddings(self, value):
        self.embed_tokens = value

    def forward(self, input_ids, attention_mask=None, cache_params=None, **kwargs):
        """input_ids: (B, S). Returns the final hidden state, (B, S, D), and the state after the last position: (tokens read (B, 1), states of the layers).
        Layers that keep attention have keys and values of all positions in it; all other states have a fixed size."""
        x, mask = self.embed_tokens(input_ids), mask_of(attention_mask)
        real = torch.ones_like(input_ids) if mask is None else mask.long()
        read = real.new_zeros(input_ids.shape[0], 1) if cache_params is None else cache_params[0]
        positions = torch.where(real > 0, read + real.cumsum(-1) - 1, -1)
        size = self.layers[0].self_attn.size
        turns = positions.clamp(min=0)[:, None, :, None].float() * frequencies(self.config.transformer, size, x.device)
        turns = torch.cat([turns, turns], -1)
        angles, states = (turns.cos().to(x.dtype), turns.sin().to(x.dtype)), []
        for i, layer in enumerate(self.layers):
            x, state = layer(x, positions, angles, None if cache_params is None else cache_params[1][i], mask)
            states.append(state)
        return self.norm(x), (read + real.sum(-1, keepdim=True), tuple(states))


class LinearisedXlstmForCausalLM(LinearisedXlstmPreTrainedModel, StudentGeneration, GenerationMixin):
    _tied_weights_keys = {"lm_head.weight": "model.embed_tokens.weight"}

    def __init__(self, config):
        super().__init__(config)
        self.model = LinearisedXlstmModel(config)
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        self.post_init()

    def get_input_embeddings(self):
        return self.model.embed_tokens

    def set_input_embeddings(self, value):
        self.model.embed_tokens = value

    def get_output_embeddings(self):
        return self.lm_head

    def set_output_embeddings(self, value):
        self.lm_head = value

    def forward(self, input_ids, attention_mask=None, cache_params=None, labels=None, use_cache=None, logits_to_keep=0, **kwargs):
        """input_ids: (B, S); attention_mask: (B, S), 0 at padding; cache_params: the state of an earlier call; labels: (B, S), -100 where none counts."""
        use_cache = self.config.use_cache if use_cache is None else use_cache
        hidden, state = self.model(input_ids, attention_mask, cache_params)
        return self._answer(hidden, self.lm_head, state, labels, use_cache, logits_to_keep)
