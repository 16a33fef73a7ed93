namespace Distil.Core.Pipeline;

/// <summary>Ends the stages after a job was stopped because the run is cancelled.</summary>
internal sealed class RunCancelledException : Exception;
