using Distil.Core.Documents;
using Distil.Trainer.Models;
using static TorchSharp.torch;

namespace Distil.Trainer.TeacherOutputs;

/// <summary>Runs the teacher over rows of tokens and returns its outputs in sparse form.</summary>
public sealed class TeacherExtractor(ILanguageModel teacher, ExtractionSettings settings)
{
    private readonly SparseOutputs _sparse = new(teacher.Backend, teacher.HeadWeight.dtype, settings);

    /// <value>The forms of the teacher's operations and of the extraction.</value>
    public IReadOnlyList<OperationForm> Operations => [.. teacher.Operations, _sparse.Report];

    /// <summary>Computes the teacher's outputs for a batch of rows, on the teacher's device.</summary>
    /// <param name="inputIds">(B, S), int64.</param>
    /// <param name="lengths">(B), int64: real tokens of each row; null if all are real.</param>
    public TeacherTargets Extract(Tensor inputIds, Tensor? lengths = null)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var (final, mean) = settings.MeanHidden ? teacher.ForwardWithMean(inputIds) : (teacher.Forward(inputIds), null);
        var sparse = _sparse.Of(final, teacher.HeadWeight, lengths);
        return (sparse with { MeanHidden = mean }).MoveToOuterDisposeScope();
    }

    /// <summary>As <see cref="Extract"/> without the mean, with every layer's output.</summary>
    /// <returns>The layers as <see cref="ILanguageModel.ForwardWithLayers"/> numbers them.</returns>
    internal (TeacherTargets Outputs, IReadOnlyList<Tensor> Layers) ExtractWithLayers(Tensor inputIds, Tensor? lengths)
    {
        using var noGrad = no_grad();
        var (final, layers) = teacher.ForwardWithLayers(inputIds);
        return (_sparse.Of(final, teacher.HeadWeight, lengths), layers);
    }
}
