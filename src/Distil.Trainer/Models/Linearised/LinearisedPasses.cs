using Distil.Core.Documents;
using Distil.Core.Models;
using Distil.Trainer.Kernels;
using Distil.Trainer.Models.Linearised.Fused;
using Distil.Trainer.Models.Transformers;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Linearised;

/// <summary>A linearised student's passes over whole texts with products in one element type: by CUDA kernels if they support that and its shape.</summary>
internal sealed class LinearisedPasses : IDisposable
{
    private readonly FusedLayers? _fused;
    private readonly Tensor? _roundedHead;
    private readonly LinearisedWeights _weights;

    /// <param name="shape">The student's shape.</param>
    /// <param name="weights">Its weights.</param>
    /// <param name="rotary">Its rotary embedding.</param>
    /// <param name="type">float32 or bfloat16.</param>
    /// <param name="backend">Which kernels may be used.</param>
    internal LinearisedPasses(LinearisedShape shape, LinearisedWeights weights, RotaryEmbedding rotary, ScalarType type, Backend backend)
    {
        (Type, _weights) = (type, weights);
        var form = FusedLayers.Choose(backend, type, shape, weights, rotary);
        (_fused, Report) = (form.Run?.Invoke(), form.Report);
        Plain = new(shape, weights, rotary, type == ScalarType.Float32 ? null : type);
        if (type != ScalarType.Float32 && !weights.Inherited.Head.requires_grad)
        {
            using var scope = NewDisposeScope();
            _roundedHead = weights.Inherited.Head.to(type).DetachFromDisposeScope();
        }
    }

    /// <value>Element type of the products and of the result.</value>
    internal ScalarType Type { get; }

    /// <value>The form of the layers.</value>
    internal OperationForm Report { get; }

    /// <value>The plain form.</value>
    internal LinearisedLayers Plain { get; }

    /// <value>The head, in <see cref="Type"/> unless it is trained.</value>
    internal Tensor Head => _roundedHead ?? _weights.Inherited.Head;

    /// <inheritdoc cref="LinearisedLayers.Forward"/>
    internal Tensor Forward(Tensor inputIds, Branch branch) => _fused?.Forward(inputIds, branch) ?? Plain.Forward(inputIds, branch);

    /// <value>The layers as kernels; null if they run in the plain form.</value>
    internal FusedLayers? Fused => _fused;

    /// <inheritdoc />
    public void Dispose() => _roundedHead?.Dispose();
}
