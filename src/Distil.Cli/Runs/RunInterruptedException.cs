namespace Distil.Cli.Runs;

/// <summary>The command was told to end before its run did.</summary>
internal sealed class RunInterruptedException(string runId) : Exception($"interrupted; `distil run --resume {runId}` goes on from here");
