namespace Distil.Cli.Runs;

/// <summary>The command was interrupted before its run ended.</summary>
internal sealed class RunInterruptedException(string runId) : Exception($"interrupted; `distil run --resume {runId}` goes on from here");
