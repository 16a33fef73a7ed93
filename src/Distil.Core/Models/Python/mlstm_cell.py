"""The memory of both kinds of Distil's students: the mLSTM (xLSTM, arXiv 2405.04517), chunk by chunk."""

import torch
from torch.nn import functional as F

# A gate of this size writes nothing and forgets nothing, and differences of two of them are finite.
NOTHING = -1e30


def start(batch, heads, key_size, value_size, plain, device):
    """The state before the first token: matrix (B, NH, DK, DV), normaliser (B, NH, DK), stabiliser (B, NH); float32."""
    return (
        torch.zeros(batch, heads, key_size, value_size, device=device),
        torch.zeros(batch, heads, key_size, device=device),
        torch.full((batch, heads), NOTHING if plain else 0.0, device=device),
    )


def mlstm(q, k, v, input_gate, forget_gate, state, mask=None, plain=False, chunk=64):
    """Reads further positions. A call of n positions equals n calls of one.

    q, k: (B, NH, S, DK), v: (B, NH, S, DV), gates before their activation (B, NH, S), all float32; mask: (B, S), False at padding.
    plain: divide by the sum itself (linearised students) instead of max(|sum|, exp(-m)) + 1e-6.
    Returns h (B, NH, S, DV) and the state after the last position.
    """
    if not plain:
        k = k / k.shape[-1] ** 0.5
    forget = F.logsigmoid(forget_gate)
    if mask is not None:
        input_gate = input_gate.masked_fill(~mask[:, None, :], NOTHING)
        forget = forget.masked_fill(~mask[:, None, :], 0.0)
    matrix, normaliser, stabiliser = state
    outputs = []
    for first in range(0, q.shape[2], chunk):
        here = slice(first, first + chunk)
        query, key, value = q[:, :, here], k[:, :, here], v[:, :, here]
        forgotten = forget[:, :, here].cumsum(-1)
        source = input_gate[:, :, here] - forgotten
        future = torch.ones(query.shape[2], query.shape[2], dtype=torch.bool, device=q.device).triu(1)
        decay = (forgotten[..., :, None] + source[..., None, :]).masked_fill(future, float("-inf"))
        carried = forgotten + stabiliser[..., None]
        most = torch.maximum(decay.amax(-1), carried).detach()
        scores = (query @ key.transpose(-2, -1)) * (decay - most[..., None]).exp()
        carried_query = query * (carried - most).exp()[..., None]
        total = scores.sum(-1) + (carried_query @ normaliser[..., None])[..., 0]
        divisor = total + 1e-30 if plain else torch.maximum(total.abs(), (-most).exp()) + 1e-6
        outputs.append((scores @ value + carried_query @ matrix) / divisor[..., None])

        written = source + forgotten[..., -1:]
        kept = forgotten[..., -1] + stabiliser
        last = torch.maximum(written.amax(-1), kept).detach()
        weighted = key * (written - last[..., None]).exp()[..., None]
        keep = (kept - last).exp()
        matrix = matrix * keep[..., None, None] + weighted.transpose(-2, -1) @ value
        normaliser = normaliser * keep[..., None] + weighted.sum(-2)
        stabiliser = last
    return torch.cat(outputs, 2), (matrix, normaliser, stabiliser)
