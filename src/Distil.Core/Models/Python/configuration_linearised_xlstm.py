"""The shape of a linearised student: a Transformer whose attention is replaced by an mLSTM, alone or mixed with attention over a window."""

from transformers import PretrainedConfig


class LinearisedXlstmConfig(PretrainedConfig):
    """transformer is the teacher's config; keep_attention lists the layers that keep full attention."""

    model_type = "linearised_xlstm"

    def __init__(self, transformer=None, window=0, sinks=0, feature_map="softmax", output_gate=False, keep_attention=(), context_length=1, **kwargs):
        teacher = dict(transformer or {})
        self.transformer = teacher
        self.window, self.sinks, self.feature_map, self.output_gate = window, sinks, feature_map, output_gate
        self.keep_attention, self.context_length = list(keep_attention), context_length
        self.vocab_size = teacher.get("vocab_size", 1)
        self.hidden_size = teacher.get("hidden_size", 1)
        self.num_hidden_layers = teacher.get("num_hidden_layers", 1)
        self.num_attention_heads = teacher.get("num_attention_heads", 1)
        self.use_cache = kwargs.pop("use_cache", True)
        for derived in ("vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "tie_word_embeddings"):
            kwargs.pop(derived, None)
        super().__init__(tie_word_embeddings=teacher.get("tie_word_embeddings", False), **kwargs)
