using Distil.Core.Jobs;
using Distil.Core.Pipeline;

namespace Distil.Cli.Runs;

/// <summary>A run failed.</summary>
internal sealed class RunFailedException(string runId, RunOutcome outcome, string lastWords) : Exception(
    outcome.Failure is { } failure ? $"{failure.Message} (run {runId})" : $"{runId} was cancelled; its checkpoints are kept")
{
    /// <value>The command that lets the run go on, in a sentence.</value>
    internal string NextStep { get; } = $"`distil run --retry {runId}` goes on from what it has made";

    /// <value>Whether the user's input is the cause.</value>
    internal bool IsBadInput => outcome.Failure?.Class == FailureClass.InvalidInput;

    /// <value>More about the cause than fits into a line; empty if the message says everything.</value>
    internal string Detail => IsBadInput || outcome.Failure is null ? "" : outcome.Failure.Detail ?? lastWords;
}
