using Distil.Core.Errors;
using Distil.Core.Specification;

namespace Distil.Core.Runs.Reading;

/// <summary>Finds fields of a linearised student that contradict one another.</summary>
internal static class LinearisedChecks
{
    public static IEnumerable<FieldError> Find(RunSpec spec)
    {
        if (spec.Student.Kind != StudentKind.Linearised)
        {
            yield break;
        }

        var kept = spec.Student.KeepAttention;
        for (var i = 0; i < kept.Count; i++)
        {
            if (kept.Take(i).Contains(kept[i]))
            {
                yield return FieldError.Of(
                    FieldPath.Parse("student.keepAttention").Item(i), $"is {kept[i]}, which the list contains already; expected each index once");
            }
        }

        if (spec is { Student.Window: 0, Training.Stages.Distillation.WindowDropout: > 0 })
        {
            yield return FieldError.Of(
                FieldPath.Parse("training.stages.distillation.windowDropout"), "is above 0 and student.window is 0; expected a window to leave out");
        }

        if (spec.Training.Precision == Precision.Bf16)
        {
            yield return FieldError.Of(FieldPath.Parse("training.precision"), "is bf16; expected fp32, in which a linearised student is trained");
        }
    }
}
