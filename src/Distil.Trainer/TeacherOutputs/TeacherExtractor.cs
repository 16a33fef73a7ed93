using Distil.Core.Documents;
using Distil.Trainer.Datasets;
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
    /// <param name="lengths">(B), int64: real tokens of each row; or (B, S), float32: 1 at each position that counts. Null if all are real.</param>
    /// <param name="order">(B, S), int64: the order in which positions are returned, of which <paramref name="lengths"/> then counts the first; null for
    /// their own.</param>
    /// <param name="documents">The rows' documents, which the teacher reads apart from each other; null if it reads rows.</param>
    internal TeacherTargets Extract(
        Tensor inputIds, Tensor? lengths = null, Tensor? order = null, IReadOnlyList<DocumentGroup>? documents = null)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var (final, mean) = documents is null ? States(inputIds) : StatesApart(inputIds, documents);
        (final, mean) = (InOrder(final, order), mean is null ? null : InOrder(mean, order));
        var sparse = _sparse.Of(final, teacher.HeadWeight, lengths, teacher.LogitForm);
        return (sparse with { MeanHidden = mean }).MoveToOuterDisposeScope();
    }

    private (Tensor Final, Tensor? Mean) States(Tensor inputIds) =>
        settings.MeanHidden ? teacher.ForwardWithMean(inputIds) : (teacher.Forward(inputIds), null);

    private (Tensor Final, Tensor? Mean) StatesApart(Tensor inputIds, IReadOnlyList<DocumentGroup> documents)
    {
        Tensor? final = null, mean = null;
        foreach (var group in documents)
        {
            using var scope = NewDisposeScope();
            var (ofGroup, meanOfGroup) = States(group.Of(inputIds, group.Places().to(inputIds.device)));
            Put(ofGroup, ref final);
            if (meanOfGroup is not null)
            {
                Put(meanOfGroup, ref mean);
            }

            void Put(Tensor states, ref Tensor? rows)
            {
                rows ??= zeros([.. inputIds.shape, states.shape[^1]], states.dtype, states.device).MoveToOuterDisposeScope();
                group.PutBack(states, rows);
            }
        }

        return (final!, mean);
    }

    private static Tensor InOrder(Tensor states, Tensor? order) =>
        order is null ? states : states.gather(1, order.unsqueeze(-1).expand(-1, -1, states.shape[^1]));

    /// <summary>As <see cref="Extract"/> without the mean, with every layer's output.</summary>
    /// <returns>The layers as <see cref="ILanguageModel.ForwardWithLayers"/> numbers them.</returns>
    internal (TeacherTargets Outputs, IReadOnlyList<Tensor> Layers) ExtractWithLayers(Tensor inputIds, Tensor? lengths)
    {
        using var noGrad = no_grad();
        var (final, layers) = teacher.ForwardWithLayers(inputIds);
        return (_sparse.Of(final, teacher.HeadWeight, lengths, teacher.LogitForm), layers);
    }
}
