using Distil.Core.Jobs;
using Distil.Core.Runs;

namespace Distil.Core.Pipeline;

/// <summary>The outcome of a run.</summary>
/// <param name="State">Succeeded, Failed or Cancelled.</param>
/// <param name="Failure">Why it failed; null otherwise.</param>
public sealed record RunOutcome(RunState State, JobFailure? Failure = null);
