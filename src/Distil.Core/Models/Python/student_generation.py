"""What both kinds of Distil's students need to generate text with transformers: a state instead of a growing cache."""

from dataclasses import dataclass
from typing import Any, Optional

import torch
from torch.nn import functional as F
from transformers import GenerationMixin
from transformers.utils import ModelOutput


@dataclass
class StudentOutput(ModelOutput):
    """loss: scalar, if labels are given; logits: (B, S, V); cache_params: the state after the last position, if use_cache."""

    loss: Optional[torch.Tensor] = None
    logits: Optional[torch.Tensor] = None
    cache_params: Optional[Any] = None


class StudentGeneration(GenerationMixin):
    """Sampling and greedy search. The state is passed on as cache_params."""

    def generate(self, *args, generation_config=None, **kwargs):
        """As in transformers, without beam search: the state has no order of beams to change."""
        beams = kwargs.get("num_beams") or getattr(generation_config or self.generation_config, "num_beams", None) or 1
        if beams > 1:
            raise ValueError(f"num_beams is {beams}; a recurrent student samples or decodes greedily: expected 1")
        return super().generate(*args, generation_config=generation_config, **kwargs)

    def prepare_inputs_for_generation(self, input_ids, cache_params=None, attention_mask=None, use_cache=True, logits_to_keep=None, **kwargs):
        if cache_params is not None:
            input_ids = input_ids[:, -1:]
            attention_mask = None if attention_mask is None else attention_mask[:, -1:]
        return {
            "input_ids": input_ids,
            "attention_mask": attention_mask,
            "cache_params": cache_params,
            "use_cache": use_cache,
            "logits_to_keep": 1 if logits_to_keep is None else logits_to_keep,
        }

    def _update_model_kwargs_for_generation(self, outputs, model_kwargs, *args, **kwargs):
        model_kwargs["cache_params"] = outputs.cache_params
        mask = model_kwargs.get("attention_mask")
        if mask is not None:
            model_kwargs["attention_mask"] = torch.cat([mask, mask.new_ones(mask.shape[0], 1)], -1)
        return model_kwargs

    def _prepare_cache_for_generation(self, *args, **kwargs):
        """The state begins with the first call."""

    def _answer(self, hidden, head, state, labels, use_cache, logits_to_keep):
        if logits_to_keep:
            hidden = hidden[:, -logits_to_keep:]
        logits = head(hidden)
        loss = None
        if labels is not None:
            loss = F.cross_entropy(logits[:, :-1].flatten(0, 1).float(), labels[:, 1:].flatten(), ignore_index=-100)
        return StudentOutput(loss=loss, logits=logits, cache_params=state if use_cache else None)


def mask_of(attention_mask):
    """(B, S) of booleans, or None if nothing is padded."""
    if attention_mask is None or bool(attention_mask.all()):
        return None
    return attention_mask.bool()
