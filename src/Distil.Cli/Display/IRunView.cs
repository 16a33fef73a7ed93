namespace Distil.Cli.Display;

/// <summary>Shows a run to its user.</summary>
internal interface IRunView
{
    /// <summary>Shows snapshots until the run ends.</summary>
    /// <param name="next">The run now; null while nothing is known of it.</param>
    /// <param name="ended">Completes when the run has.</param>
    Task ShowAsync(Func<Task<StatusAndProgress?>> next, Task ended);
}
