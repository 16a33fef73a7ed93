using System.Globalization;
using System.Text.Json.Serialization;

namespace Distil.Core.Artifacts.Kinds;

/// <summary>Something that runs make and store: where it is, what closes it, what it is made from and which job makes it.</summary>
/// <remarks>Making, leasing, reuse, repair and deletion of artifacts all follow from these members. The record's JSON is a payload of pipelines and
/// jobs.</remarks>
[ConstructedJson]
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(Dataset), "dataset")]
[JsonDerivedType(typeof(TeacherOutputs), "teacherOutputs")]
[JsonDerivedType(typeof(Weights), "weights")]
[JsonDerivedType(typeof(Evaluation), "evaluation")]
[JsonDerivedType(typeof(Report), "report")]
public abstract record Artifact
{
    /// <value>The kind of job that makes its parts.</value>
    public abstract JobKind Maker { get; }

    /// <value>The document that closes it (the artifact counts once this exists); for weights, the folder that contains it.</value>
    public abstract string Closing { get; }

    /// <value>The artifacts that its jobs read.</value>
    public abstract IReadOnlyList<Artifact> Needs { get; }

    /// <value>Number of parts, ≥ 1.</value>
    public virtual int PartCount => 1;

    /// <value>The epoch to display with its stage, from 0; null if it has none.</value>
    public virtual int? StageEpoch => null;

    /// <value>The number of parts of its stage before it, and the number of parts in the stage.</value>
    public virtual (int Before, int Total) Stage => (0, PartCount);

    /// <summary>Returns one part.</summary>
    /// <param name="index">From 0, below <see cref="PartCount"/>.</param>
    public abstract Part PartAt(int index);

    /// <summary>Whether a blob belongs to this artifact.</summary>
    public abstract bool Contains(string blob);

    /// <summary>Returns the part that a blob belongs to; null if it belongs to the artifact as a whole, or to another.</summary>
    public int? FindPart(string blob)
    {
        for (var index = 0; index < PartCount; index++)
        {
            if (PartAt(index).Contains(blob))
            {
                return index;
            }
        }

        return null;
    }

    /// <summary>Returns the input that a blob belongs to; null if it belongs to none of <see cref="Needs"/>.</summary>
    public MissingInput? FindInput(string blob) =>
        Needs.FirstOrDefault(need => need.Contains(blob)) is { } need ? new MissingInput(need, need.FindPart(blob)) : null;

    /// <summary>The only part of an artifact that one job makes.</summary>
    /// <param name="jobId">The id of its first job.</param>
    /// <param name="lease">The job's lease; null for that on <see cref="Closing"/>.</param>
    protected Part Whole(string jobId, string? lease = null) => new(0, jobId, Closing, lease ?? ArtifactLayout.LeaseOn(Closing), Files: []);

    /// <summary>The word for <see cref="Maker"/> in names.</summary>
    protected string MakerWord => Maker.ToString().ToLowerInvariant();

    /// <summary>A number in a name.</summary>
    protected static string Digits(int number, int digits) => number.ToString($"D{digits}", CultureInfo.InvariantCulture);
}
