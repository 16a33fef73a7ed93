using System.Globalization;
using Distil.Core.Models;
using Distil.Core.Specification;

namespace Distil.Core.Runs.Planning;

/// <summary>The student of a plan, of either kind, with its figures.</summary>
/// <param name="Xlstm">The shape of kind xlstm; null for another.</param>
/// <param name="Linearised">The shape of kind linearised; null for another.</param>
/// <param name="Parameters">The number of its parameters.</param>
internal sealed record PlannedStudent(StudentShape? Xlstm, LinearisedShape? Linearised, StudentParameters Parameters)
{
    /// <value>Inherited parameters of a linearised student.</value>
    public Figure? Inherited { get; private init; }

    /// <value>New parameters of a linearised student.</value>
    public Figure? New { get; private init; }

    /// <value>Bytes of a linearised student's state of one text.</value>
    public Figure? StateBytes { get; private init; }

    /// <value>What is allowed but probably not meant.</value>
    public IReadOnlyList<string> Warnings { get; private init; } = [];

    /// <summary>The student of a specification.</summary>
    /// <exception cref="Errors.InvalidInputException">It does not fit the teacher.</exception>
    public static PlannedStudent Of(RunSpec spec, TeacherShape teacher, TransformerConfig config)
    {
        if (spec.Evaluation.Control)
        {
            LinearisedTeacher.RequireControl(config);
        }

        if (spec.Student.Kind == StudentKind.Xlstm)
        {
            var xlstm = StudentShape.Of(spec.Student, teacher);
            return new(xlstm, null, StudentParameters.Of(xlstm));
        }

        var shape = LinearisedShape.Of(spec.Student, config, spec.Dataset.ContextLength);
        var numbers = LinearisedParameters.Of(shape);
        return new(null, shape, numbers.Divide(spec.Student.TrainEmbedding))
        {
            Inherited = new Figure(numbers.Inherited, "", "exact: the teacher's weights"),
            New = new Figure(numbers.New, "", "exact: features, gates and mix of each replaced layer"),
            StateBytes = new Figure(
                numbers.StateBytes(sizeof(float)), "bytes",
                "exact: memories and windows in fp32, at any length" + (shape.KeepAttention.Count > 0 ? "; kept layers have a cache that grows" : "")),
            Warnings = [.. WarningsOf(shape)],
        };
    }

    private static IEnumerable<string> WarningsOf(LinearisedShape shape)
    {
        if (shape.Window > 0 && shape.Window + shape.Sinks >= shape.ContextLength)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"student.window {shape.Window} and student.sinks {shape.Sinks} cover dataset.contextLength {shape.ContextLength}: ")
                + "the window then is the teacher's attention, the memory learns nothing, and every number looks perfect";
        }
    }
}
