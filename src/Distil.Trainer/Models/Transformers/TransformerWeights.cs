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
        FinalNorm = new RmsNorm(_byName[TransformerTensors.FinalNorm], config.NormEpsilon);
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
            Norm($"{prefix}.input_layernorm"),
            new Attention(
                _config,
                Linear($"{prefix}.self_attn.q_proj"),
                Linear($"{prefix}.self_attn.k_proj"),
                Linear($"{prefix}.self_attn.v_proj"),
                Linear($"{prefix}.self_attn.o_proj"),
                _config.QueryKeyNorm ? Norm($"{prefix}.self_attn.q_norm") : null,
                _config.QueryKeyNorm ? Norm($"{prefix}.self_attn.k_norm") : null),
            Norm($"{prefix}.post_attention_layernorm"),
            Linear($"{prefix}.mlp.gate_proj"),
            Linear($"{prefix}.mlp.up_proj"),
            Linear($"{prefix}.mlp.down_proj"));
    }

    private RmsNorm Norm(string name) => new(_byName[$"{name}.weight"], _config.NormEpsilon);

    private Linear Linear(string name) => new(_byName[$"{name}.weight"], _byName.GetValueOrDefault($"{name}.bias"));
}
