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
        var (prefix, traits) = ($"model.layers.{index}", _config.Traits);
        var wide = traits.HeadNorms == HeadNorms.Width;
        return
        [
            .. Norm(prefix, traits.InputNorm, _width),
            .. Fused($"{prefix}.self_attn", "qkv_proj", _config.QueryKeyValueBias, ("q_proj", _queries), ("k_proj", _keyValues), ("v_proj", _keyValues)),
            .. Linear($"{prefix}.self_attn.o_proj", _width, _queries, _config.OutputBias),
            .. Norm($"{prefix}.self_attn", traits.QueryNorm, wide ? _queries : _headWidth),
            .. Norm($"{prefix}.self_attn", traits.KeyNorm, wide ? _keyValues : _headWidth),
            .. Norm(prefix, traits.AttentionOutputNorm, _width),
            .. Norm(prefix, traits.FeedForwardNorm, _width),
            .. _config.HasExperts(index) ? Experts($"{prefix}.mlp", _config.Form.Experts!) : FeedForward($"{prefix}.mlp", _inner),
            .. Norm(prefix, traits.FeedForwardOutputNorm, _width),
        ];
    }

    private IEnumerable<ModelTensor> FeedForward(string prefix, Dimension inner) =>
    [
        .. Fused(prefix, "gate_up_proj", _config.FeedForwardBias, ("gate_proj", inner), ("up_proj", inner)),
        .. Linear($"{prefix}.down_proj", _width, inner, _config.FeedForwardBias),
    ];

    private IEnumerable<ModelTensor> Experts(string prefix, ExpertLayers experts)
    {
        var inner = new Dimension(experts.IntermediateSize, $"moe_intermediate_size {experts.IntermediateSize}");
        return
        [
            new($"{prefix}.gate.weight", [new(experts.Count, $"num_experts {experts.Count}"), _width]),
            .. Enumerable.Range(0, experts.Count).SelectMany(expert => FeedForward($"{prefix}.experts.{expert}", inner)),
        ];
    }

    private static IEnumerable<ModelTensor> Norm(string prefix, string? name, Dimension width) =>
        name is null ? [] : [new($"{prefix}.{name}.weight", [width])];

    /// <summary>Linear maps of one input, which some families store as one tensor.</summary>
    private IEnumerable<ModelTensor> Fused(string prefix, string whole, bool bias, params (string Name, Dimension Rows)[] parts)
    {
        if (!_config.Traits.FusedWeights)
        {
            return parts.SelectMany(part => Linear($"{prefix}.{part.Name}", part.Rows, _width, bias));
        }

        var all = new Dimension(parts.Sum(part => part.Rows.Size), string.Join(" + ", parts.Select(part => part.Rows.Field)));
        return parts.Select((part, i) => new ModelTensor($"{prefix}.{part.Name}.weight", [part.Rows, _width])
        {
            Fused = new($"{prefix}.{whole}.weight", parts.Take(i).Sum(before => before.Rows.Size), all),
        });
    }

    private static IEnumerable<ModelTensor> Linear(string name, Dimension rows, Dimension columns, bool bias) =>
        bias ? [new($"{name}.weight", [rows, columns]), new($"{name}.bias", [rows])] : [new($"{name}.weight", [rows, columns])];
}
