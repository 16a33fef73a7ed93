namespace Distil.Core.Pipeline;

/// <summary>Leaves the stages when a job was stopped because the run is cancelled.</summary>
internal sealed class RunCancelledException : Exception;
