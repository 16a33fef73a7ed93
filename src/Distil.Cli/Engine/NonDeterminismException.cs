namespace Distil.Cli.Engine;

/// <summary>A pipeline, replayed, did not do what its journal holds. The run cannot go on: nobody knows what its code would do next.</summary>
internal sealed class NonDeterminismException : Exception
{
    // Another version's pipeline may differ although its documents do not.
    private const string Cause = "it was changed since the run began (use the distil that began it, or a new run), or is not deterministic";

    private NonDeterminismException(string message)
        : base(message)
    {
    }

    /// <summary>It asks for something else.</summary>
    internal static NonDeterminismException Differs(string journal, int call, string held, string asked) =>
        new($"{journal}: step {call} was {held}, the pipeline now asks for {asked}; {Cause}");

    /// <summary>It never asks for something that was answered.</summary>
    internal static NonDeterminismException Unasked(string journal, int call, string held) =>
        new($"{journal}: step {call} was {held}, the pipeline now asks for nothing there; {Cause}");

    /// <summary>It was started with something else.</summary>
    internal static NonDeterminismException OtherInput(string journal, string held, string asked) =>
        new($"{journal}: it was started as {held}, now as {asked}; {Cause}");

    /// <summary>It waited for something of its own.</summary>
    internal static NonDeterminismException Strayed(string journal) =>
        new($"{journal}: the pipeline awaited something that is not its context's; expected activities, sub-pipelines, timers and signals only");
}
