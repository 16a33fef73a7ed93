namespace Distil.Core.Specification;

/// <summary>The students of a run.</summary>
public enum StudentVariant
{
    /// <summary>Trained with the teacher.</summary>
    Distilled,

    /// <summary>The same student trained for the same steps on the text alone.</summary>
    WithoutTeacher,
}
