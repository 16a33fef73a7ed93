using Distil.Core.Jobs;
using Distil.Core.Pipeline;

namespace Distil.Cli.Runs;

/// <summary>A run did not come to its end.</summary>
internal sealed class RunFailedException(string runId, RunOutcome outcome, string lastWords) : Exception(
    outcome.Failure is { } failure ? $"{failure.Message} (run {runId})" : $"{runId} was cancelled; its checkpoints are kept")
{
    /// <value>Whether the user's input is to blame.</value>
    internal bool IsBadInput => outcome.Failure?.Class == FailureClass.InvalidInput;

    /// <value>More about the cause than fits a line; empty where the message says all.</value>
    internal string Detail => IsBadInput || outcome.Failure is null ? "" : outcome.Failure.Detail ?? lastWords;
}
