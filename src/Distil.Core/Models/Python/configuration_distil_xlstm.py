"""The shape of a student of Distil-xLSTM (arXiv 2503.18565)."""

from transformers import PretrainedConfig


class DistilXlstmConfig(PretrainedConfig):
    """xlstm_config is the section that the authors' code reads (github.com/thiomajid/distil_xlstm); the other sizes follow from it."""

    model_type = "distil_xlstm"

    def __init__(self, xlstm_config=None, **kwargs):
        stack = dict(xlstm_config or {})
        self.xlstm_config = stack
        self.vocab_size = stack.get("vocab_size", 1)
        self.hidden_size = stack.get("embedding_dim", 1)
        self.num_hidden_layers = stack.get("num_blocks", 1)
        self.use_cache = kwargs.pop("use_cache", True)
        for derived in ("vocab_size", "hidden_size", "num_hidden_layers", "tie_word_embeddings"):
            kwargs.pop(derived, None)
        super().__init__(tie_word_embeddings=stack.get("tie_weights", False), **kwargs)
