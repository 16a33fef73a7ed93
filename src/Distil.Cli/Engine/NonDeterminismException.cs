namespace Distil.Cli.Engine;

/// <summary>A replayed pipeline differs from its journal. The run cannot be resumed, because the next steps of its code would be unknown.</summary>
internal sealed class NonDeterminismException : Exception
{
    // The pipeline of another version may differ although its documents do not.
    private const string Cause = "it was changed since the run began (use the distil that began it, or a new run), or is not deterministic";

    private NonDeterminismException(string message)
        : base(message)
    {
    }

    /// <summary>It makes a different call.</summary>
    internal static NonDeterminismException Differs(string journal, int call, string held, string asked) =>
        new($"{journal}: step {call} was {held}, the pipeline now asks for {asked}; {Cause}");

    /// <summary>It never makes a call that was answered.</summary>
    internal static NonDeterminismException Unasked(string journal, int call, string held) =>
        new($"{journal}: step {call} was {held}, the pipeline now asks for nothing there; {Cause}");

    /// <summary>It was started with a different input.</summary>
    internal static NonDeterminismException OtherInput(string journal, string held, string asked) =>
        new($"{journal}: it was started as {held}, now as {asked}; {Cause}");

    /// <summary>It awaited something that is not its context's.</summary>
    internal static NonDeterminismException Strayed(string journal) =>
        new($"{journal}: the pipeline awaited something that is not its context's; expected activities, sub-pipelines, timers and signals only");
}
