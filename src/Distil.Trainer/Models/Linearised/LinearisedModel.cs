using Distil.Core.Documents;
using Distil.Core.Errors;
using Distil.Core.Models;
using Distil.Core.Models.Folders;
using Distil.Core.Safetensors;
using Distil.Core.Specification;
using Distil.Trainer.Kernels;
using Distil.Trainer.Models.Transformers;
using Distil.Trainer.Safetensors;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Linearised;

/// <summary>The linearised student: its teacher's layers with an mLSTM in the place of attention, alone or mixed with attention over a window.</summary>
public sealed class LinearisedModel : IStudentModel
{
    private readonly LinearisedWeights _weights;
    private readonly RotaryEmbedding _rotary;
    private readonly LinearisedLayers _layers;
    private LinearisedPasses _passes;

    private LinearisedModel(LinearisedWeights weights, Device device, bool trainEmbedding)
    {
        (Shape, Device, _weights) = (weights.Shape, device, weights);
        _rotary = new RotaryEmbedding(Shape.Transformer.Rotary, device, ScalarType.Float32);
        _passes = new LinearisedPasses(Shape, weights, _rotary, ScalarType.Float32, Backend.For(device));
        _layers = _passes.Plain;
        InheritedParameters = [.. weights.Inherited.All.Where(weight => trainEmbedding || !IsVocabulary(weight.Value))];
        TrainableParameters = [.. InheritedParameters, .. weights.New];
        foreach (var parameter in TrainableParameters)
        {
            parameter.Value.requires_grad_(true);
        }
    }

    /// <value>Its shape.</value>
    public LinearisedShape Shape { get; }

    /// <value>Which branches of the mixed layers count. Default both.</value>
    public Branch Branch { get; set; }

    /// <inheritdoc />
    public int VocabularySize => Shape.Transformer.VocabularySize;

    /// <inheritdoc />
    public int HiddenSize => Shape.Transformer.HiddenSize;

    /// <inheritdoc />
    public Device Device { get; }

    /// <inheritdoc />
    public IReadOnlyList<OperationForm> Operations => [_passes.Report];

    /// <value>Element type of the products over whole texts and of their result: float32 (default) or bfloat16. The weights, the stream, norms, features and the
    /// recurrence's sums stay float32; decoding is float32 throughout.</value>
    public ScalarType ComputeType => _passes.Type;

    /// <inheritdoc />
    public ModelReading? Reading => _weights.Reading;

    /// <inheritdoc />
    /// <remarks>Rounded if the model computes in bfloat16 and the head is not trained.</remarks>
    public Tensor HeadWeight => _passes.Head;

    /// <inheritdoc />
    /// <remarks>The inherited weights first.</remarks>
    public IReadOnlyList<NamedParameter> TrainableParameters { get; }

    /// <inheritdoc />
    public IReadOnlyList<NamedParameter> Weights => [.. _weights.Inherited.All, .. _weights.New];

    /// <value>The trained weights that were the teacher's; without embedding and head, unless they are trained.</value>
    public IReadOnlyList<NamedParameter> InheritedParameters { get; }

    /// <value>The trained weights that the teacher did not have.</value>
    public IReadOnlyList<NamedParameter> NewParameters => _weights.New;

    /// <inheritdoc/>
    /// <remarks>Whole texts run with bfloat16 products, by CUDA kernels if they support the shape. The trained weights stay float32.</remarks>
    public void UseBFloat16()
    {
        _passes.Dispose();
        _passes = new(Shape, _weights, _rotary, ScalarType.BFloat16, Backend.For(Device));
    }

    /// <summary>Freezes the inherited weights, or has them trained again.</summary>
    internal void FreezeInherited(bool frozen)
    {
        foreach (var parameter in InheritedParameters)
        {
            parameter.Value.requires_grad_(!frozen);
        }
    }

    /// <summary>A new student.</summary>
    /// <param name="shape">Its shape.</param>
    /// <param name="teacherFolder">The folder of the teacher, whose weights are copied.</param>
    /// <param name="start">Where its gates start.</param>
    /// <param name="trainEmbedding">Whether embedding and head are trained too.</param>
    /// <param name="device">Device of its weights.</param>
    /// <exception cref="InvalidInputException">A file, field or weight of the teacher is missing or does not fit.</exception>
    public static LinearisedModel Create(LinearisedShape shape, string teacherFolder, GateSpec start, bool trainEmbedding, Device device) =>
        new(LinearisedWeights.Inherit(shape, teacherFolder, start, device), device, trainEmbedding);

    /// <summary>A student of given weights.</summary>
    /// <param name="shape">Its shape.</param>
    /// <param name="weights">The inherited and the new ones, by name.</param>
    /// <param name="trainEmbedding">As in <see cref="Create"/>.</param>
    /// <param name="device">Device of the weights.</param>
    internal static LinearisedModel Of(LinearisedShape shape, IWeightSource weights, bool trainEmbedding, Device device) =>
        new(LinearisedWeights.From(shape, weights), device, trainEmbedding);

    /// <summary>The teacher itself as a model to train: every layer keeps its attention.</summary>
    /// <inheritdoc cref="Create"/>
    public static LinearisedModel Keep(string teacherFolder, bool trainEmbedding, Device device)
    {
        var teacher = LinearisedTeacher.Of(TransformerConfigFile.Read(teacherFolder));
        var shape = new LinearisedShape
        {
            Transformer = teacher, ContextLength = teacher.MaxPositions, Window = 0, KeepAttention = [.. Enumerable.Range(0, teacher.Layers)],
        };
        return Create(shape, teacherFolder, new GateSpec(), trainEmbedding, device);
    }

    /// <summary>Reads a saved student.</summary>
    /// <exception cref="InvalidInputException">A file, field or weight is missing or does not fit.</exception>
    public static LinearisedModel Load(string folder, Device device) =>
        new(LinearisedWeights.Load(LinearisedConfigFile.Read(folder), folder, device), device, trainEmbedding: false);

    /// <inheritdoc />
    public void Save(string folder, WeightStorage? storage = null)
    {
        storage ??= new();
        SafetensorsWriter.WriteFolder(folder, Weights.Select(weight => KeyValuePair.Create(weight.Name, weight.Value)), storage);
        LinearisedConfigFile.Write(folder, Shape, storage);
    }

    /// <inheritdoc />
    public Tensor Forward(Tensor inputIds) => _passes.Forward(inputIds, Branch);

    /// <inheritdoc />
    public (Tensor Final, IReadOnlyList<Tensor> Layers) ForwardWithLayers(Tensor inputIds)
    {
        var layers = new List<Tensor>();
        return (_passes.Plain.Forward(inputIds, Branch, outputs: layers), layers);
    }

    /// <summary>Measures the mean share of the memory in each mixed layer.</summary>
    /// <param name="inputIds">(B, S), int64, without padding.</param>
    /// <returns>o by replaced layer, in order; empty without a window.</returns>
    public IReadOnlyList<double> MeanShares(Tensor inputIds)
    {
        var shares = new List<double>();
        using var frozen = no_grad();
        using var final = _layers.Forward(inputIds, Branch.Both, branches =>
        {
            if (branches.Share is { } share)
            {
                using var mean = share.mean();
                shares.Add(mean.to_type(ScalarType.Float64).item<double>());
            }
        });
        return shares;
    }

    /// <value>How whole texts run at present.</value>
    internal LinearisedPasses Passes => _passes;

    /// <inheritdoc />
    public IDecodingState StartDecoding(int batch) => new LinearisedDecodingState(Shape, batch, _weights.Inherited.Embedding.dtype, Device);

    /// <inheritdoc />
    /// <remarks>Gradients are not recorded.</remarks>
    public Tensor Decode(Tensor inputIds, IDecodingState state)
    {
        var own = (LinearisedDecodingState)state;
        if (inputIds.shape[0] != own.Batch)
        {
            throw new ArgumentException($"{inputIds.shape[0]} sequences for a state of {own.Batch}", nameof(inputIds));
        }

        using var scope = NewDisposeScope();
        return _layers.Decode(inputIds, own).to(ComputeType).MoveToOuterDisposeScope();
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _weights.Dispose();
        _passes.Dispose();
        _rotary.Dispose();
    }

    private bool IsVocabulary(Tensor weight) => ReferenceEquals(weight, _weights.Inherited.Embedding) || ReferenceEquals(weight, _weights.Inherited.Head);
}
