namespace Distil.Cli.Display;

/// <summary>Displays a run to its user.</summary>
internal interface IRunView
{
    /// <summary>Displays snapshots until the run ends.</summary>
    /// <param name="next">Returns the current snapshot; null if nothing is known yet.</param>
    /// <param name="ended">Completes when the run has.</param>
    Task ShowAsync(Func<Task<StatusAndProgress?>> next, Task ended);
}
