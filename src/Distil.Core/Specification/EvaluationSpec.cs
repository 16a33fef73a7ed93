using System.ComponentModel.DataAnnotations;

namespace Distil.Core.Specification;

/// <summary>What is measured.</summary>
public sealed record EvaluationSpec
{
    /// <value>Maximum number of eval rows that an evaluation reads, ≥ 1. Default 512.</value>
    [Range(1.0, double.PositiveInfinity)]
    public int MaxRows { get; init; } = 512;

    /// <value>Whether to train the same student also without the teacher, for the same steps, as a comparison. Default false (it doubles training).</value>
    public bool Baseline { get; init; }

    /// <value>Whether to train the teacher itself, too, for the same steps: once on the text alone, once by the student's loss on its own outputs. Part of a
    /// student's loss below its teacher's is the text, which training fits; these controls show how much. Default false.</value>
    [AddedLater]
    public bool Control { get; init; }

    /// <value>Prompts that each model continues in the final report. Default: taken from the eval split.</value>
    public IReadOnlyList<string> Prompts { get; init; } = [];

    /// <value>Number of tokens by which a prompt is continued, ≥ 0. Default 80.</value>
    [Range(0.0, double.PositiveInfinity)]
    public int SampleTokens { get; init; } = 80;

    /// <value>Context lengths at which decoding speed and state size are measured. Default: a quarter of, once and four times the dataset's
    /// contextLength.</value>
    [Range(1.0, double.PositiveInfinity)]
    public IReadOnlyList<int>? DecodeContexts { get; init; }

    /// <value>Multiple-choice tasks that student and teacher answer after the last epoch. Default: none.</value>
    public IReadOnlyList<TaskSpec> Tasks { get; init; } = [];

    /// <value>How far a student may score below its teacher and still count as good, as a share of the teacher's score. 0–1, default 0.05.</value>
    [Range(0.0, 1.0)]
    public double Tolerance { get; init; } = 0.05;

    /// <value>Recall and copying of random tokens at growing lengths, after the last epoch: what a recurrent student loses first.</value>
    public RecallSpec Recall { get; init; } = new();
}
