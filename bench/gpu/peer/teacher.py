"""A teacher of Qwen2.5-1.5B's shape in transformers: forward passes, sparse outputs, and decoding with a KV cache."""
import sys

import torch
from measure import DEVICE, VOCABULARY, WIDTH, figure, say


def create():
    from transformers import AutoModelForCausalLM, Qwen2Config

    torch.set_default_dtype(torch.bfloat16)
    with torch.device(DEVICE):
        model = AutoModelForCausalLM.from_config(
            Qwen2Config(
                vocab_size=VOCABULARY, hidden_size=WIDTH, intermediate_size=8960, num_hidden_layers=28, num_attention_heads=12, num_key_value_heads=2,
                max_position_embeddings=131072, tie_word_embeddings=True, rope_parameters={"rope_theta": 1e6, "rope_type": "default"}),
            attn_implementation="sdpa")
    torch.set_default_dtype(torch.float32)
    return model.eval().requires_grad_(False)


@torch.no_grad()
def dense(model, ids):
    """Logits and the mean of the layers' hidden states: what the authors' recipe takes from a teacher."""
    out = model(ids, output_hidden_states=True, use_cache=False)
    return out.logits, torch.stack(out.hidden_states[1:]).mean(0)


@torch.no_grad()
def sparse(model, ids, kept=64):
    logits = model(ids, use_cache=False).logits.float()
    values, tokens = torch.topk(logits, kept)
    return (values - torch.logsumexp(logits, -1, keepdim=True)).half(), tokens.int()


def forward(model):
    ids = torch.randint(0, VOCABULARY, (8, 512), device=DEVICE)
    figure("teacher forward", lambda: dense(model, ids), 4096, 8, 3, variant="eager, with logits and mean hidden")
    figure("teacher forward + sparse outputs", lambda: sparse(model, ids), 4096, 8, 3, variant="eager, log-softmax and top 64")


def decode(model, batches=(1, 8, 64), contexts=(512, 8192, 65536), tokens=12):
    """Cache of random values, as long as the context: what is in it does not change the time."""
    from transformers import DynamicCache

    config = model.config
    size = config.hidden_size // config.num_attention_heads
    for batch in batches:
        for context in contexts:
            name, variant = f"decode, batch {batch}, context {context}", "teacher, KV cache"
            try:
                cache = DynamicCache(config=config)
                for layer in range(config.num_hidden_layers):
                    shape = (batch, config.num_key_value_heads, context, size)
                    cache.update(*(torch.randn(shape, device=DEVICE, dtype=torch.bfloat16) for _ in range(2)), layer)
                ids = [torch.randint(0, VOCABULARY, (batch, 1), device=DEVICE)]

                @torch.no_grad()
                def step():
                    out = model(ids[0], past_key_values=cache, use_cache=True)
                    ids[0] = out.logits[:, -1:].argmax(-1)
                    return ids[0][0].item()

                figure(name, step, batch, tokens, 3, variant=variant)
            except RuntimeError as error:
                say(figure=name, failed=f"{type(error).__name__}: {str(error).strip().splitlines()[0][:200]}", variant=variant)
            cache = None
            torch.cuda.empty_cache()


if __name__ == "__main__":
    teacher = create()
    for part in sys.argv[1:] or ("forward", "decode"):
        {"forward": forward, "decode": decode}[part](teacher)
