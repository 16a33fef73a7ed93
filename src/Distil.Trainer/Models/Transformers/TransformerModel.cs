using Distil.Core.Documents;
using Distil.Core.Errors;
using Distil.Core.Models;
using Distil.Core.Models.Folders;
using Distil.Core.Safetensors;
using Distil.Trainer.Kernels;
using Distil.Trainer.Safetensors;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Transformers;

/// <summary>A decoder-only Transformer: a frozen teacher, or a new, trainable model.</summary>
public sealed class TransformerModel : ILanguageModel
{
    private readonly TransformerWeights _weights;
    private readonly LayerPositions _positions;
    private readonly CudaTransformer? _fused;

    private TransformerModel(
        TransformerConfig config, TransformerWeights weights, Device device, bool trainable, ScalarType rotaryPrecision, Backend? backend = null)
    {
        (Config, Device, _weights, Backend) = (config, device, weights, backend ?? Backend.For(device));
        _positions = new LayerPositions(config, device, rotaryPrecision);
        if (!trainable)
        {
            var layers = CudaTransformer.Choose(Backend, config, weights);
            (_fused, Operations) = (layers.Run?.Invoke(), [layers.Report]);
            return;
        }

        TrainableParameters = weights.All;
        foreach (var weight in weights.All)
        {
            weight.Value.requires_grad_(true);
        }
    }

    /// <value>The model's shape.</value>
    public TransformerConfig Config { get; }

    /// <inheritdoc />
    public int VocabularySize => Config.VocabularySize;

    /// <inheritdoc />
    public int HiddenSize => Config.HiddenSize;

    /// <inheritdoc />
    public Device Device { get; }

    /// <inheritdoc />
    public Backend Backend { get; }

    /// <inheritdoc />
    public IReadOnlyList<OperationForm> Operations { get; } = [];

    /// <inheritdoc />
    public ModelReading? Reading { get; private init; }

    /// <value>Element type of the weights and of the hidden states.</value>
    public ScalarType Dtype => _weights.Embedding.dtype;

    /// <value>Number of weights, each counted once.</value>
    public long Parameters => _weights.All.Sum(weight => weight.Value.numel());

    /// <value>The embedding, (V, D).</value>
    public Tensor EmbeddingWeight => _weights.Embedding;

    /// <inheritdoc />
    public Tensor HeadWeight => _weights.Head;

    /// <inheritdoc />
    public LogitForm LogitForm => new(Config.Form.LogitDivisor, Config.Form.LogitCap);

    /// <inheritdoc />
    /// <remarks>Empty for a frozen model.</remarks>
    public IReadOnlyList<NamedParameter> TrainableParameters { get; } = [];

    /// <summary>Reads a Hugging Face folder.</summary>
    /// <param name="folder">A folder with config.json and model.safetensors, or its shards.</param>
    /// <param name="device">Device of the weights.</param>
    /// <param name="dtype">Their element type there, and that of the arithmetic; bfloat16 is meant for a GPU.</param>
    /// <param name="trainable">Whether gradients are recorded for them. Default: frozen.</param>
    /// <param name="rotaryPrecision">Type to which the rotary frequencies are rounded. Default float32, as in training and in transformers'
    /// <c>from_pretrained</c>; a model that was cast as a whole (<c>model.to(bfloat16)</c>) has them in bfloat16.</param>
    /// <exception cref="InvalidInputException">A file, field or weight is missing or does not fit.</exception>
    public static TransformerModel Load(
        string folder, Device device, ScalarType dtype = ScalarType.Float32, bool trainable = false, ScalarType rotaryPrecision = ScalarType.Float32)
    {
        using var files = TransformerFolder.Open(folder);
        var weights = new TransformerWeights(files.Config, files.In(dtype, device));
        return new TransformerModel(files.Config, weights, device, trainable, rotaryPrecision) { Reading = files.Reading };
    }

    /// <summary>Creates a new, trainable model in float32: matrices normal(0, 0.02), norms 1, biases 0.</summary>
    public static TransformerModel Create(TransformerConfig config, int seed, Device device)
    {
        using var weights = new NewWeights(seed, device);
        return new TransformerModel(config, new TransformerWeights(config, weights), device, trainable: true, ScalarType.Float32);
    }

    /// <summary>Creates a frozen model from any source of weights.</summary>
    internal static TransformerModel CreateFrozen(TransformerConfig config, IWeightSource weights, Device device, Backend? backend = null) =>
        new(config, new TransformerWeights(config, weights), device, trainable: false, ScalarType.Float32, backend);

    /// <summary>Writes config.json and model.safetensors, which transformers can read. The caller adds the tokenizer.</summary>
    /// <param name="folder">Created if it is missing.</param>
    /// <param name="dtype">Element type on disk: float32 or bfloat16.</param>
    public void Save(string folder, ScalarType dtype = ScalarType.Float32)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var weights = _weights.All.Select(weight => KeyValuePair.Create(weight.Name, weight.Value.to(dtype))).ToArray();
        SafetensorsWriter.Write(Path.Combine(folder, WeightIndex.SingleName), weights);
        TransformerConfigFile.Write(folder, Config, dtype.ToString().ToLowerInvariant());
    }

    /// <summary>Refuses contexts that the model was not trained for.</summary>
    /// <param name="length">Tokens.</param>
    /// <param name="source">The setting that asks for them, for the message: <c>spec.json: dataset.contextLength</c>.</param>
    /// <exception cref="InvalidInputException">The context is longer than max_position_embeddings.</exception>
    public void RequireContext(long length, string source)
    {
        if (length > Config.MaxPositions)
        {
            throw new InvalidInputException($"{source} is {length}; the model's config.json (max_position_embeddings) allows {Config.MaxPositions}");
        }
    }

    /// <inheritdoc />
    public Tensor Forward(Tensor inputIds) => _fused is null ? Run(inputIds, cache: null, layers: null) : _fused.Run(inputIds, Angles(inputIds), mean: null);

    /// <inheritdoc />
    public (Tensor Final, Tensor Mean) ForwardWithMean(Tensor inputIds)
    {
        if (_fused is null)
        {
            return ((ILanguageModel)this).MeanOfLayers(inputIds);
        }

        var mean = zeros([inputIds.shape[0], inputIds.shape[1], HiddenSize], ScalarType.Float32, Device);
        return (_fused.Run(inputIds, Angles(inputIds), mean), mean);
    }

    /// <inheritdoc />
    public (Tensor Final, IReadOnlyList<Tensor> Layers) ForwardWithLayers(Tensor inputIds)
    {
        var layers = new List<Tensor>();
        return (Run(inputIds, cache: null, layers), layers);
    }

    /// <inheritdoc />
    public IDecodingState StartDecoding(int batch) => new KeyValueCache(Config, batch, Dtype, Device);

    /// <inheritdoc />
    /// <remarks>Gradients are not recorded.</remarks>
    public Tensor Decode(Tensor inputIds, IDecodingState state)
    {
        var cache = (KeyValueCache)state;
        if (inputIds.shape[0] != cache.Batch)
        {
            throw new ArgumentException($"{inputIds.shape[0]} sequences for a state of {cache.Batch}", nameof(inputIds));
        }

        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var hidden = Run(inputIds, cache, layers: null);                            // (B, S, D)
        cache.Advance(inputIds.shape[1]);
        return hidden.select(1, -1).contiguous().MoveToOuterDisposeScope();
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _fused?.Dispose();
        _weights.Dispose();
        _positions.Dispose();
    }

    private (Tensor Cos, Tensor Sin) Angles(Tensor inputIds) => _positions.Angles(inputIds.shape[1], Dtype);

    private Tensor Run(Tensor inputIds, KeyValueCache? cache, List<Tensor>? layers)
    {
        using var scope = NewDisposeScope();
        var (length, start) = (inputIds.shape[1], cache?.Position ?? 0);
        var positions = _positions.Of(start, length, Dtype, cached: cache is not null);
        var x = _weights.Embed(inputIds);                                           // (B, S, D)
        for (var i = 0; i < _weights.Layers.Count; i++)
        {
            layers?.Add(x.MoveToOuterDisposeScope());
            var next = _weights.Layers[i].Apply(x, positions[i], cache, i);
            (layers is null ? x : null)?.Dispose();
            x = next;
        }

        var final = _weights.FinalNorm.Apply(x).MoveToOuterDisposeScope();
        layers?.Add(final);
        return final;
    }
}
