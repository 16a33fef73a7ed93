namespace Distil.Core.Models.Folders;

/// <summary>The weights of a Transformer by its configuration, in a fixed order.</summary>
public sealed class TransformerTensors
{
    /// <summary>Name of the embedding.</summary>
    public const string Embedding = "model.embed_tokens.weight";

    /// <summary>Name of the norm after the last layer.</summary>
    public const string FinalNorm = "model.norm.weight";

    /// <summary>Name of a head of its own.</summary>
    public const string Head = "lm_head.weight";

    private readonly TransformerConfig _config;
    private readonly Dimension _vocabulary, _width, _inner, _headWidth, _queries, _keyValues;

    private TransformerTensors(TransformerConfig config)
    {
        _config = config;
        _vocabulary = new(config.VocabularySize, $"vocab_size {config.VocabularySize}");
        _width = new(config.HiddenSize, $"hidden_size {config.HiddenSize}");
        _inner = new(config.IntermediateSize, $"intermediate_size {config.IntermediateSize}");
        _headWidth = new(config.HeadSize, $"head_dim {config.HeadSize}");
        _queries = new((long)config.Heads * config.HeadSize, $"num_attention_heads {config.Heads} × head_dim {config.HeadSize}");
        _keyValues = new((long)config.KeyValueHeads * config.HeadSize, $"num_key_value_heads {config.KeyValueHeads} × head_dim {config.HeadSize}");
    }

    /// <summary>Returns the weights: embedding, layers, final norm, and the head unless it is the embedding.</summary>
    public static IReadOnlyList<ModelTensor> Of(TransformerConfig config)
    {
        var tensors = new TransformerTensors(config);
        return
        [
            EmbeddingOf(config),
            .. Enumerable.Range(0, config.Layers).SelectMany(tensors.Layer),
            FinalNormOf(config),
            .. config.TiedHead ? Array.Empty<ModelTensor>() : [HeadOf(config)],
        ];
    }

    /// <summary>The embedding.</summary>
    public static ModelTensor EmbeddingOf(TransformerConfig config) => EmbeddingOf(config, Embedding);

    /// <summary>The norm after the last layer.</summary>
    public static ModelTensor FinalNormOf(TransformerConfig config) => new(FinalNorm, [new TransformerTensors(config)._width]);

    /// <summary>A head of its own.</summary>
    public static ModelTensor HeadOf(TransformerConfig config) => EmbeddingOf(config, Head);

    /// <summary>The weights of one layer.</summary>
    public static IEnumerable<ModelTensor> OfLayer(TransformerConfig config, int layer) => new TransformerTensors(config).Layer(layer);

    private static ModelTensor EmbeddingOf(TransformerConfig config, string name)
    {
        var tensors = new TransformerTensors(config);
        return new(name, [tensors._vocabulary, tensors._width]);
    }

    private IEnumerable<ModelTensor> Layer(int index)
    {
        var prefix = $"model.layers.{index}";
        return
        [
            new($"{prefix}.input_layernorm.weight", [_width]),
            .. Linear($"{prefix}.self_attn.q_proj", _queries, _width, _config.QueryKeyValueBias),
            .. Linear($"{prefix}.self_attn.k_proj", _keyValues, _width, _config.QueryKeyValueBias),
            .. Linear($"{prefix}.self_attn.v_proj", _keyValues, _width, _config.QueryKeyValueBias),
            .. Linear($"{prefix}.self_attn.o_proj", _width, _queries, _config.OutputBias),
            .. _config.QueryKeyNorm
                ? new ModelTensor[] { new($"{prefix}.self_attn.q_norm.weight", [_headWidth]), new($"{prefix}.self_attn.k_norm.weight", [_headWidth]) }
                : [],
            new($"{prefix}.post_attention_layernorm.weight", [_width]),
            .. Linear($"{prefix}.mlp.gate_proj", _inner, _width, _config.FeedForwardBias),
            .. Linear($"{prefix}.mlp.up_proj", _inner, _width, _config.FeedForwardBias),
            .. Linear($"{prefix}.mlp.down_proj", _width, _inner, _config.FeedForwardBias),
        ];
    }

    private static IEnumerable<ModelTensor> Linear(string name, Dimension rows, Dimension columns, bool bias) =>
        bias ? [new($"{name}.weight", [rows, columns]), new($"{name}.bias", [rows])] : [new($"{name}.weight", [rows, columns])];
}
