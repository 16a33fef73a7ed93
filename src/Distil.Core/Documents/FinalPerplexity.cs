namespace Distil.Core.Documents;

/// <summary>Perplexities on a run's held-out rows after the last epoch.</summary>
/// <param name="Student">The student's.</param>
/// <param name="Teacher">The teacher's.</param>
/// <param name="WithoutTeacher">That of the student trained without the teacher; null if the run had none.</param>
public sealed record FinalPerplexity(double Student, double Teacher, double? WithoutTeacher = null);
