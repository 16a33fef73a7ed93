using Distil.Core.Models;
using Distil.Core.Models.Folders;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Transformers;

/// <summary>A model's weights with their names on disk, and the layers built from them.</summary>
internal sealed class TransformerWeights
{
    private readonly TransformerConfig _config;
    private readonly List<NamedParameter> _all = [];
    private readonly Dictionary<string, Tensor> _byName = new(StringComparer.Ordinal);

    internal TransformerWeights(TransformerConfig config, IWeightSource source)
    {
        _config = config;
        try
        {
            foreach (var tensor in TransformerTensors.Of(config))
            {
                var value = source.Get(tensor);
                _all.Add(new NamedParameter(tensor.Name, value));
                _byName.Add(tensor.Name, value);
            }
        }
        catch
        {
            Dispose();
            throw;
        }

        Embedding = _byName[TransformerTensors.Embedding];
        Layers = [.. Enumerable.Range(0, config.Layers).Select(Layer)];
        FinalNorm = Norm(TransformerTensors.FinalNorm);
        Head = config.TiedHead ? Embedding : _byName[TransformerTensors.Head];
    }

    /// <value>Every weight once, in a fixed order.</value>
    internal IReadOnlyList<NamedParameter> All => _all;

    /// <value>(V, D).</value>
    internal Tensor Embedding { get; }

    internal IReadOnlyList<TransformerLayer> Layers { get; }

    internal RmsNorm FinalNorm { get; }

    /// <value>(V, D).</value>
    internal Tensor Head { get; }

    /// <summary>The embedding of tokens, times its factor if the model has one.</summary>
    /// <param name="inputIds">(B, S), int64.</param>
    /// <returns>(B, S, D).</returns>
    internal Tensor Embed(Tensor inputIds)
    {
        using var scope = NewDisposeScope();
        var embedded = Embedding.index_select(0, inputIds.flatten()).view(inputIds.shape[0], inputIds.shape[1], _config.HiddenSize);
        var factor = _config.Form.EmbeddingFactor;                              // rounded to the type of the weights, as in transformers
        return (factor == 1 ? embedded : embedded * tensor(factor, embedded.dtype, embedded.device)).MoveToOuterDisposeScope();
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
        var (prefix, traits) = ($"model.layers.{index}", _config.Traits);
        var attention = $"{prefix}.self_attn";
        return new TransformerLayer(
            new LayerNorms(
                Norm(prefix, traits.InputNorm), Norm(prefix, traits.AttentionOutputNorm), Norm(prefix, traits.FeedForwardNorm),
                Norm(prefix, traits.FeedForwardOutputNorm)),
            new Attention(
                _config, Linear($"{attention}.q_proj"), Linear($"{attention}.k_proj"), Linear($"{attention}.v_proj"), Linear($"{attention}.o_proj"),
                Norm(attention, traits.QueryNorm), Norm(attention, traits.KeyNorm)),
            _config.HasExperts(index) ? Experts($"{prefix}.mlp", _config.Form.Experts!) : FeedForward($"{prefix}.mlp"),
            _config.Form.ResidualFactor);
    }

    private ExpertFeedForward Experts(string prefix, ExpertLayers experts) => new(
        Linear($"{prefix}.gate"), [.. Enumerable.Range(0, experts.Count).Select(expert => FeedForward($"{prefix}.experts.{expert}"))],
        experts.PerToken, experts.Normalised);

    private DenseFeedForward FeedForward(string prefix) =>
        new(Linear($"{prefix}.gate_proj"), Linear($"{prefix}.up_proj"), Linear($"{prefix}.down_proj"), _config.Traits.Gelu);

    private RmsNorm? Norm(string prefix, string? name) => name is null ? null : Norm($"{prefix}.{name}.weight");

    private RmsNorm Norm(string weight) => new(_byName[weight], _config.NormEpsilon, _config.Traits.ZeroCentredNorms, _config.Traits.WideNorms);

    private Linear Linear(string name) => new(_byName[$"{name}.weight"], _byName.GetValueOrDefault($"{name}.bias"));
}
