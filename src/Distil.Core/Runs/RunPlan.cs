using System.Text.Json.Serialization;
using Distil.Core.Artifacts;
using Distil.Core.Errors;
using Distil.Core.Models;
using Distil.Core.Runs.Planning;
using Distil.Core.Sources;

namespace Distil.Core.Runs;

/// <summary>What a run will do (<c>runs/{runId}/plan.json</c>), made by <see cref="RunPlanner"/> before anything is done.</summary>
public sealed record RunPlan : IVersionedDocument
{
    /// <inheritdoc />
    public int Version { get; init; } = DocumentVersion.Current;

    /// <value>Names the run everywhere: date and time (UTC), the specification's name, a short random end; so ids sort by time.</value>
    public required string RunId { get; init; }

    /// <value>When it was planned.</value>
    public required DateTimeOffset PlannedAt { get; init; }

    /// <value>Content address of the dataset: files, tokenizer and settings that make its rows.</value>
    public required string DatasetId { get; init; }

    /// <value>Content address of the teacher's outputs: the dataset, the teacher and what is kept.</value>
    public required string TeacherOutputsId { get; init; }

    /// <value>The teacher's shape.</value>
    public required TeacherShape Teacher { get; init; }

    /// <value>The student's shape, with every default filled in.</value>
    public required StudentShape Student { get; init; }

    /// <value>What each prepare job reads.</value>
    public required IReadOnlyList<ShardSource> Shards { get; init; }

    /// <value>Epochs.</value>
    public required int Epochs { get; init; }

    /// <value>Tokens to train on in an epoch.</value>
    public required Figure Tokens { get; init; }

    /// <value>Rows to train on in an epoch.</value>
    public required Figure Rows { get; init; }

    /// <value>Optimiser steps of an epoch.</value>
    public required Figure StepsPerEpoch { get; init; }

    /// <value>Optimiser steps of one student in all epochs.</value>
    public required Figure Steps { get; init; }

    /// <value>The student's parameters that training changes.</value>
    public required Figure TrainableParameters { get; init; }

    /// <value>The student's parameters that stay the teacher's: embedding and head.</value>
    public required Figure FrozenParameters { get; init; }

    /// <value>Both.</value>
    public required Figure TotalParameters { get; init; }

    /// <value>Storage for the rows.</value>
    public required Figure DatasetBytes { get; init; }

    /// <value>Storage for the teacher's outputs; 0 where the teacher is online.</value>
    public required Figure TeacherOutputsBytes { get; init; }

    /// <value>Storage for the checkpoints of all students.</value>
    public required Figure CheckpointBytes { get; init; }

    /// <value>Where jobs find the teacher; null in plans of earlier versions: where the specification says.</value>
    public ModelLocation? TeacherLocation { get; init; }

    /// <value>What could not be looked at because its server did not answer: such a plan can be read, not run.</value>
    public IReadOnlyList<FieldError> Unreached { get; init; } = [];

    /// <value>The figures by name, in the order to show them.</value>
    [JsonIgnore]
    public IReadOnlyList<(string Name, Figure Figure)> Figures =>
    [
        ("shards", new Figure(Shards.Count, "", "the tokens over dataset.shardTokens")),
        ("tokens in an epoch", Tokens),
        ("rows in an epoch", Rows),
        ("epochs", new Figure(Epochs, "", "training.epochs")),
        ("steps in an epoch", StepsPerEpoch),
        ("steps", Steps),
        ("trainable parameters", TrainableParameters),
        ("frozen parameters", FrozenParameters),
        ("parameters", TotalParameters),
        ("dataset", DatasetBytes),
        ("teacher outputs", TeacherOutputsBytes),
        ("checkpoints", CheckpointBytes),
    ];

    /// <summary>Passes where the plan can be run.</summary>
    /// <exception cref="InvalidInputException">Something was not reached.</exception>
    public void RequireRunnable()
    {
        if (Unreached.Count > 0)
        {
            throw new InvalidInputException("specification", Unreached);
        }
    }
}

/// <summary>A number of a plan and where it is from.</summary>
/// <param name="Value">The number.</param>
/// <param name="Unit">What it counts where its name does not say: <c>bytes</c>, or empty.</param>
/// <param name="From">For instance <c>exact: …</c> or <c>estimated: …</c>.</param>
public sealed record Figure(long Value, string Unit, string From);
