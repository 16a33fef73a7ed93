namespace Distil.Inference.Scheduling;

/// <summary>A text is refused because too many wait, or because the scheduler is ending.</summary>
public sealed class SchedulerBusyException(string message) : Exception(message);
