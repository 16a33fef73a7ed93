using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Distil.Core.Runs.Reading;

namespace Distil.Core.Specification;

/// <summary>The specification of one distillation run.</summary>
/// <remarks>Read from JSON by <see cref="RunSpecReader"/>, which rejects unknown fields. The attributes are the ranges; the reader finds them by reflection.
/// On a list they apply to each element, except <see cref="MinLengthAttribute"/>. After a change, run <c>./distil schema</c> to regenerate the JSON
/// Schema.</remarks>
public sealed record RunSpec
{
    /// <value>Location of the schema, for editors. Ignored.</value>
    [JsonPropertyName("$schema")]
    public string? Schema { get; init; }

    /// <value>Name of the run: 1–40 of a–z, 0–9 and '-', starting with a letter or digit.</value>
    [RegularExpression("[a-z0-9][a-z0-9-]{0,39}", ErrorMessage = "1–40 of a–z, 0–9 and '-', starting with a letter or digit")]
    public required string Name { get; init; }

    /// <value>Seed of weights, row order and samples. ≥ 0, default 1.</value>
    [Range(0.0, double.PositiveInfinity)]
    public int Seed { get; init; } = 1;

    /// <value>The Transformer to distil.</value>
    public required TeacherSpec Teacher { get; init; }

    /// <value>The text to distil on.</value>
    public required DatasetSpec Dataset { get; init; }

    /// <value>The xLSTM to train. Default: the paper's shape.</value>
    public StudentSpec Student { get; init; } = new();

    /// <value>Δ-distillation's weights and schedules. Default: the paper's.</value>
    public DistillationSpec Distillation { get; init; } = new();

    /// <value>Optimiser and loop. Default: the paper's.</value>
    public TrainingSpec Training { get; init; } = new();

    /// <value>The students whose mean this run's student is; null for a run that trains one. A run that merges has no <c>distillation</c>, and of
    /// <c>training</c> only what its evaluation uses.</value>
    public MergeSpec? Merge { get; init; }

    /// <value>What is measured after each epoch and at the end.</value>
    public EvaluationSpec Evaluation { get; init; } = new();

    /// <value>How the finished student is written.</value>
    public ExportSpec Export { get; init; } = new();

    /// <value>The device, and how much runs in parallel.</value>
    public ComputeSpec Compute { get; init; } = new();

    /// <value>Whether the teacher's outputs are stored before the training.</value>
    [JsonIgnore]
    public bool StoresTeacherOutputs => Merge is null && Teacher.Mode == TeacherMode.Offline;

    /// <value>Whether the teacher's mean hidden states are stored with its outputs: for this student, or for others.</value>
    [JsonIgnore]
    public bool StoresHiddenStates => Teacher.Keep.HiddenStates || Distillation.Alignment is { Kind: not AlignmentKind.None, Weight: > 0 };

    /// <value>The highest temperature for which the teacher's outputs are stored.</value>
    [JsonIgnore]
    public double HighestTemperature => Math.Max(Distillation.Temperature.From, Teacher.Keep.HighestTemperature ?? 0);
}
