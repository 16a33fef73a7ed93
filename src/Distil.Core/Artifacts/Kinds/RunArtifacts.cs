using Distil.Core.Specification;

namespace Distil.Core.Artifacts.Kinds;

/// <summary>The artifacts of one run.</summary>
/// <param name="RunId">The run.</param>
/// <param name="TeacherOutputs">The teacher's outputs; with an online teacher they have an id but are not made.</param>
/// <param name="Offline">Whether the teacher's outputs are made before training.</param>
/// <param name="Students">The students to train, one after the other.</param>
/// <param name="Epochs">Epochs, ≥ 1; 1 if the run merges.</param>
/// <param name="Experts">The students that the run merges, in the order of the sum; null if it trains.</param>
[ConstructedJson]
public sealed record RunArtifacts(
    string RunId, TeacherOutputs TeacherOutputs, bool Offline, IReadOnlyList<StudentVariant> Students, int Epochs, IReadOnlyList<Expert>? Experts = null)
{
    /// <value>The rows of tokens.</value>
    public Dataset Dataset => TeacherOutputs.Dataset;

    /// <summary>The result.</summary>
    public Report Report() => new(this);

    /// <value>The artifacts that other runs may use too, in the order in which they are made.</value>
    public IReadOnlyList<SharedArtifact> Shared => Offline ? [Dataset, TeacherOutputs] : [Dataset];

    /// <summary>A student after an epoch.</summary>
    /// <param name="student">The student.</param>
    /// <param name="epoch">From 0.</param>
    public Weights Weights(StudentVariant student, int epoch) => new(this, student, epoch);

    /// <summary>The measurements of a student after an epoch.</summary>
    /// <param name="student">The student.</param>
    /// <param name="epoch">From 0.</param>
    public Evaluation Evaluation(StudentVariant student, int epoch) => new(this, student, epoch);

    /// <summary>The place of an epoch among those of all students.</summary>
    internal (int Before, int Total) StageOf(StudentVariant student, int epoch) =>
        ((Students.ToList().IndexOf(student) * Epochs) + epoch, Students.Count * Epochs);

    /// <summary>A job's id, by its student.</summary>
    internal static string JobId(StudentVariant student, string name) => student switch
    {
        StudentVariant.Distilled => name,
        StudentVariant.WithoutTeacher => $"baseline-{name}",
        StudentVariant.TeacherOnText => $"control-text-{name}",
        _ => $"control-loss-{name}",
    };
}
