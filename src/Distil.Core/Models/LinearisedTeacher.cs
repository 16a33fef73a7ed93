using Distil.Core.Errors;

namespace Distil.Core.Models;

/// <summary>The teacher as a linearised student inherits it: its layers must be ones that every form of the student can compute.</summary>
public static class LinearisedTeacher
{
    /// <summary>Gives a teacher the family whose layers it has: Mistral without windows has those of Llama.</summary>
    /// <exception cref="InvalidInputException">The student cannot compute the teacher's layers.</exception>
    public static TransformerConfig Of(TransformerConfig teacher)
    {
        Require(teacher, "student.kind", "is linearised", "expected xlstm, which learns from every teacher");

        return teacher with
        {
            Form = new TransformerForm(),
            Family = teacher.Family == TransformerFamily.Qwen2 ? TransformerFamily.Qwen2
                : teacher.QueryKeyNorm ? TransformerFamily.Qwen3
                : TransformerFamily.Llama,
        };
    }

    /// <summary>Refuses the controls of a run, which are linearised students that keep all of the teacher's attention, if they cannot compute its layers.</summary>
    /// <exception cref="InvalidInputException">They cannot.</exception>
    public static void RequireControl(TransformerConfig teacher) => Require(teacher, "evaluation.control", "is true", "expected false");

    private static void Require(TransformerConfig teacher, string field, string value, string expected)
    {
        if (Obstacle(teacher) is { } obstacle)
        {
            throw new InvalidInputException(FieldError.Of(
                FieldPath.Parse(field),
                $"{value}, but the teacher's family {teacher.Traits.ModelType} has {obstacle}, which a linearised student cannot compute; {expected}"));
        }
    }

    private static string? Obstacle(TransformerConfig teacher) =>
        UnusualLayers.Of(teacher).FirstOrDefault()
        ?? (teacher.RopeScaling is not (null or Llama3Scaling) ? $"the rotary scaling {teacher.RopeScaling.GetType().Name.Replace("Scaling", "").ToLowerInvariant()}" : null)
        ?? (teacher.Form.LogitCap is not null ? "capped logits (final_logit_softcapping)" : null)
        ?? (teacher.Form.LogitDivisor != 1 ? "divided logits (logits_scaling)" : null);
}
