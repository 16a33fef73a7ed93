using System.ComponentModel.DataAnnotations;

namespace Distil.Core.Specification;

/// <summary>What is measured.</summary>
public sealed record EvaluationSpec
{
    /// <value>Most eval rows read by an evaluation, ≥ 1. Default 512.</value>
    [Range(1.0, double.PositiveInfinity)]
    public int MaxRows { get; init; } = 512;

    /// <value>Also train the same student for the same steps without the teacher, to compare with. Default false (it doubles training).</value>
    public bool Baseline { get; init; }

    /// <value>Beginnings that the final report continues with each model. Default: taken from the eval split.</value>
    public IReadOnlyList<string> Prompts { get; init; } = [];

    /// <value>Tokens to continue a prompt with, ≥ 0. Default 80.</value>
    [Range(0.0, double.PositiveInfinity)]
    public int SampleTokens { get; init; } = 80;

    /// <value>Context lengths at which decoding speed and state size are measured. Default: a quarter of, once and four times the dataset's
    /// contextLength.</value>
    [Range(1.0, double.PositiveInfinity)]
    public IReadOnlyList<int>? DecodeContexts { get; init; }

    /// <value>Multiple-choice tasks that student and teacher answer after the last epoch. Default: none.</value>
    public IReadOnlyList<TaskSpec> Tasks { get; init; } = [];

    /// <value>How far below its teacher a student may score and still be as good, as a share of the teacher's score. 0–1, default 0.05.</value>
    [Range(0.0, 1.0)]
    public double Tolerance { get; init; } = 0.05;

    /// <value>Recall and copying of random tokens at growing lengths, after the last epoch: what a recurrent student loses first.</value>
    public RecallSpec Recall { get; init; } = new();
}
