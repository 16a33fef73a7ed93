namespace Distil.Cli.Hosting;

/// <summary>A run is driven by another process; only one process may drive it.</summary>
/// <param name="runId">The run.</param>
/// <param name="holder">The other process.</param>
public sealed class DrivenElsewhereException(string runId, string holder)
    : Exception($"{runId} is driven by {holder}; `distil status {runId} --follow` watches it");
