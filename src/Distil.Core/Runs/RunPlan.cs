using System.Text.Json.Serialization;
using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Errors;
using Distil.Core.Models;
using Distil.Core.Models.Folders;
using Distil.Core.Runs.Planning;
using Distil.Core.Sources;
using Distil.Core.Specification;

namespace Distil.Core.Runs;

/// <summary>The plan of a run (<c>runs/{runId}/plan.json</c>), made by <see cref="RunPlanner"/> before anything is done.</summary>
public sealed record RunPlan : IVersionedDocument
{
    /// <inheritdoc />
    public int Version { get; init; } = DocumentVersion.Current;

    /// <value>Id of the run: date and time (UTC), the specification's name, a short random suffix; so ids sort by time.</value>
    public required string RunId { get; init; }

    /// <value>When it was planned.</value>
    public required DateTimeOffset PlannedAt { get; init; }

    /// <value>Content address of the dataset: files, tokenizer and settings that determine its rows.</value>
    public required string DatasetId { get; init; }

    /// <value>Content address of the teacher's outputs: the dataset, the teacher and the stored part of its outputs.</value>
    public required string TeacherOutputsId { get; init; }

    /// <value>The teacher's shape.</value>
    public required TeacherShape Teacher { get; init; }

    /// <value>The shape of a student of kind xlstm, with every default filled in; null for another.</value>
    public StudentShape? Student { get; init; }

    /// <value>The shape of a linearised student, with every default filled in; null for another.</value>
    public LinearisedShape? Linearised { get; init; }

    /// <value>The students that the run merges, in the order of the sum; null for a run that trains.</value>
    public IReadOnlyList<Expert>? Experts { get; init; }

    /// <value>The input of each prepare job.</value>
    public required IReadOnlyList<ShardSource> Shards { get; init; }

    /// <value>Number of epochs.</value>
    public required int Epochs { get; init; }

    /// <value>Number of training tokens in an epoch.</value>
    public required Figure Tokens { get; init; }

    /// <value>Number of these that count in the losses; null if the rows have no masks, or if the plan does not show it.</value>
    public Figure? Labels { get; init; }

    /// <value>Number of training rows in an epoch.</value>
    public required Figure Rows { get; init; }

    /// <value>Number of optimiser steps in an epoch.</value>
    public required Figure StepsPerEpoch { get; init; }

    /// <value>Number of optimiser steps of one student in all epochs.</value>
    public required Figure Steps { get; init; }

    /// <value>Number of the student's parameters that are trained.</value>
    public required Figure TrainableParameters { get; init; }

    /// <value>Number of the student's parameters that remain the teacher's: embedding and head.</value>
    public required Figure FrozenParameters { get; init; }

    /// <value>Number of all parameters.</value>
    public required Figure TotalParameters { get; init; }

    /// <value>Number of a linearised student's parameters that were the teacher's; null for another student.</value>
    public Figure? InheritedParameters { get; init; }

    /// <value>Number of a linearised student's parameters that the teacher does not have; null for another student.</value>
    public Figure? NewParameters { get; init; }

    /// <value>Bytes of a linearised student's state of one text in decoding; null for another student.</value>
    public Figure? StateBytes { get; init; }

    /// <value>Bytes of the stored rows.</value>
    public required Figure DatasetBytes { get; init; }

    /// <value>Bytes of the teacher's outputs; 0 if the teacher runs online.</value>
    public required Figure TeacherOutputsBytes { get; init; }

    /// <value>Requests to the server that computes the teacher's outputs; null if a job computes them.</value>
    public Figure? EndpointRequests { get; init; }

    /// <value>Tokens that this server reads and generates; null if a job computes the outputs.</value>
    public Figure? EndpointTokens { get; init; }

    /// <value>Bytes of the checkpoints of all students.</value>
    public required Figure CheckpointBytes { get; init; }

    /// <value>Bytes of the student's folders for other programs; null if there are none.</value>
    public Figure? ExportBytes { get; init; }

    /// <value>Bytes of memory that the teacher needs at least; null in plans of earlier versions.</value>
    public Figure? TeacherMemory { get; init; }

    /// <value>Bytes of memory that training needs at least; null in plans of earlier versions.</value>
    public Figure? TrainingMemory { get; init; }

    /// <value>Location of the teacher for jobs; null in plans of earlier versions, which use the specification's path.</value>
    public ModelLocation? TeacherLocation { get; init; }

    /// <value>What is allowed but probably not meant.</value>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <value>What is read of the teacher's folder; null in plans of earlier versions, or if its server did not answer.</value>
    public ModelReading? TeacherReading { get; init; }

    /// <value>The text that was found and the part of it that is read; null in plans of earlier versions.</value>
    public PlannedText? Text { get; init; }

    /// <value>The files of the tasks, which the evaluation must find unchanged; null if there are none, and in plans of earlier versions.</value>
    public IReadOnlyList<SourceFile>? Tasks { get; init; }

    /// <value>What could not be read because its server did not answer: such a plan can be displayed, but not run.</value>
    public IReadOnlyList<FieldError> Unreached { get; init; } = [];

    /// <value>The dataset.</value>
    [JsonIgnore]
    public Dataset Dataset => new(DatasetId, Shards.Count);

    /// <value>The teacher's outputs; with an online teacher they have an id but are not made.</value>
    [JsonIgnore]
    public TeacherOutputs TeacherOutputs => new(TeacherOutputsId, Dataset);

    /// <value>The figures by name, in the order of display.</value>
    [JsonIgnore]
    public IReadOnlyList<(string Name, Figure Figure)> Figures =>
    [
        ("shards", new Figure(Shards.Count, "", "the tokens over dataset.shardTokens")),
        ("tokens in an epoch", Tokens),
        .. Optional("tokens that count", Labels),
        ("rows in an epoch", Rows),
        ("epochs", new Figure(Epochs, "", "training.epochs")),
        ("steps in an epoch", StepsPerEpoch),
        ("steps", Steps),
        ("trainable parameters", TrainableParameters),
        ("frozen parameters", FrozenParameters),
        ("parameters", TotalParameters),
        .. Optional("inherited parameters", InheritedParameters),
        .. Optional("new parameters", NewParameters),
        .. Optional("state of a text", StateBytes),
        ("dataset", DatasetBytes),
        ("teacher outputs", TeacherOutputsBytes),
        .. Optional("requests to the teacher", EndpointRequests),
        .. Optional("tokens to the teacher", EndpointTokens),
        ("checkpoints", CheckpointBytes),
        .. Optional("exported folders", ExportBytes),
        .. Optional("memory for the teacher", TeacherMemory),
        .. Optional("memory to train", TrainingMemory),
    ];

    /// <summary>The artifacts that the run makes.</summary>
    /// <param name="spec">The run's specification.</param>
    public RunArtifacts ArtifactsOf(RunSpec spec) => new(
        RunId, TeacherOutputs, Offline: spec.StoresTeacherOutputs,
        [
            StudentVariant.Distilled,
            .. spec.Evaluation.Baseline ? new[] { StudentVariant.WithoutTeacher } : [],
            .. spec.Evaluation.Control ? new[] { StudentVariant.TeacherOnText, StudentVariant.TeacherOnLoss } : [],
        ],
        spec.Training.Epochs, Experts);

    private static IEnumerable<(string Name, Figure Figure)> Optional(string name, Figure? figure) => figure is null ? [] : [(name, figure)];

    /// <summary>Throws unless the plan can be run.</summary>
    /// <exception cref="InvalidInputException">Something could not be reached.</exception>
    public void RequireRunnable()
    {
        if (Unreached.Count > 0)
        {
            throw new InvalidInputException("specification", Unreached);
        }
    }
}

/// <summary>A number of a plan, with its source.</summary>
/// <param name="Value">The number.</param>
/// <param name="Unit">The unit, if the name does not contain it: <c>bytes</c>, or empty.</param>
/// <param name="From">The source, for instance <c>exact: …</c> or <c>estimated: …</c>.</param>
public sealed record Figure(long Value, string Unit, string From);
