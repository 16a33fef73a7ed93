using Distil.Core.Models;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Transformers;

/// <summary>A model's weights with their names on disk, and the layers built from them.</summary>
internal sealed class TransformerWeights
{
    private readonly TransformerConfig _config;
    private readonly IWeightSource _source;
    private readonly List<NamedParameter> _all = [];

    internal TransformerWeights(TransformerConfig config, IWeightSource source)
    {
        (_config, _source) = (config, source);
        Vocabulary = new(config.VocabularySize, $"vocab_size {config.VocabularySize}");
        Width = new(config.HiddenSize, $"hidden_size {config.HiddenSize}");
        Inner = new(config.IntermediateSize, $"intermediate_size {config.IntermediateSize}");
        HeadWidth = new(config.HeadSize, $"head_dim {config.HeadSize}");
        Queries = new((long)config.Heads * config.HeadSize, $"num_attention_heads {config.Heads} × head_dim {config.HeadSize}");
        KeyValues = new((long)config.KeyValueHeads * config.HeadSize, $"num_key_value_heads {config.KeyValueHeads} × head_dim {config.HeadSize}");

        try
        {
            Embedding = Take("model.embed_tokens.weight", StartValue.Normal, Vocabulary, Width);
            Layers = [.. Enumerable.Range(0, config.Layers).Select(Layer)];
            FinalNorm = Norm("model.norm", Width);
            Head = config.TiedHead ? Embedding : Take("lm_head.weight", StartValue.Normal, Vocabulary, Width);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <value>Every weight once, in a fixed order.</value>
    internal IReadOnlyList<NamedParameter> All => _all;

    /// <value>(V, D).</value>
    internal Tensor Embedding { get; }

    internal IReadOnlyList<TransformerLayer> Layers { get; }

    internal RmsNorm FinalNorm { get; }

    /// <value>(V, D).</value>
    internal Tensor Head { get; }

    private Dimension Vocabulary { get; }

    private Dimension Width { get; }

    private Dimension Inner { get; }

    private Dimension HeadWidth { get; }

    private Dimension Queries { get; }

    private Dimension KeyValues { get; }

    /// <summary>The embedding of tokens.</summary>
    /// <param name="inputIds">(B, S), int64.</param>
    /// <returns>(B, S, D).</returns>
    internal Tensor Embed(Tensor inputIds)
    {
        using var scope = NewDisposeScope();
        return Embedding.index_select(0, inputIds.flatten()).view(inputIds.shape[0], inputIds.shape[1], _config.HiddenSize).MoveToOuterDisposeScope();
    }

    internal void Dispose()
    {
        foreach (var weight in _all)
        {
            weight.Value.Dispose();
        }
    }

    private TransformerLayer Layer(int index)
    {
        var prefix = $"model.layers.{index}";
        return new TransformerLayer(
            Norm($"{prefix}.input_layernorm", Width),
            new Attention(
                _config,
                Linear($"{prefix}.self_attn.q_proj", Queries, Width, _config.QueryKeyValueBias),
                Linear($"{prefix}.self_attn.k_proj", KeyValues, Width, _config.QueryKeyValueBias),
                Linear($"{prefix}.self_attn.v_proj", KeyValues, Width, _config.QueryKeyValueBias),
                Linear($"{prefix}.self_attn.o_proj", Width, Queries, _config.OutputBias),
                _config.QueryKeyNorm ? Norm($"{prefix}.self_attn.q_norm", HeadWidth) : null,
                _config.QueryKeyNorm ? Norm($"{prefix}.self_attn.k_norm", HeadWidth) : null),
            Norm($"{prefix}.post_attention_layernorm", Width),
            Linear($"{prefix}.mlp.gate_proj", Inner, Width, _config.FeedForwardBias),
            Linear($"{prefix}.mlp.up_proj", Inner, Width, _config.FeedForwardBias),
            Linear($"{prefix}.mlp.down_proj", Width, Inner, _config.FeedForwardBias));
    }

    private RmsNorm Norm(string name, Dimension size) => new(Take($"{name}.weight", StartValue.One, size), _config.NormEpsilon);

    private Linear Linear(string name, Dimension rows, Dimension columns, bool bias) => new(
        Take($"{name}.weight", StartValue.Normal, rows, columns),
        bias ? Take($"{name}.bias", StartValue.Zero, rows) : null);

    private Tensor Take(string name, StartValue start, params ReadOnlySpan<Dimension> shape)
    {
        var weight = _source.Get(name, start, shape);
        _all.Add(new NamedParameter(name, weight));
        return weight;
    }
}
