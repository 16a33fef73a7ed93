namespace Distil.Core.Specification;

/// <summary>The students of a run, and the controls that they are compared with.</summary>
public enum StudentVariant
{
    /// <summary>Trained with the teacher.</summary>
    Distilled,

    /// <summary>The same student trained for the same steps on the text alone.</summary>
    WithoutTeacher,

    /// <summary>A control: the teacher itself, trained for the same steps on the text alone.</summary>
    TeacherOnText,

    /// <summary>A control: the teacher itself, trained for the same steps by the student's loss, against its own stored outputs.</summary>
    TeacherOnLoss,
}
