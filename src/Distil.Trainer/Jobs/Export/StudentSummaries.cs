using Distil.Core.Documents.Reports;
using Distil.Core.Jobs;
using Distil.Core.Models;

namespace Distil.Trainer.Jobs.Export;

/// <summary>Summarises a run's student for the report.</summary>
internal static class StudentSummaries
{
    /// <summary>Returns the summary of the student that a job's run trains.</summary>
    public static StudentSummary Of(JobRequest request) => request.Linearised is { } shape ? Of(shape, request.Spec.Student.TrainEmbedding) : Of(request.Student!);

    private static StudentSummary Of(StudentShape shape)
    {
        var parameters = StudentParameters.Of(shape);
        return new StudentSummary
        {
            Blocks = [.. Enumerable.Range(0, shape.Blocks).Select(block => shape.SlstmAt.Contains(block) ? "sLSTM" : "mLSTM")],
            Heads = shape.Heads,
            TrainableParameters = parameters.Trainable,
            FrozenParameters = parameters.Frozen,
        };
    }

    private static StudentSummary Of(LinearisedShape shape, bool trainEmbedding)
    {
        var numbers = LinearisedParameters.Of(shape);
        var parameters = numbers.Divide(trainEmbedding);
        var mixed = shape.Window == 0 ? "mLSTM" : $"mLSTM + window of {shape.Window}";
        return new StudentSummary
        {
            Blocks = [.. Enumerable.Range(0, shape.Transformer.Layers).Select(layer => shape.Keeps(layer) ? "attention" : mixed)],
            Heads = shape.Transformer.Heads,
            TrainableParameters = parameters.Trainable,
            FrozenParameters = parameters.Frozen,
            InheritedParameters = numbers.Inherited,
            NewParameters = numbers.New,
        };
    }
}
