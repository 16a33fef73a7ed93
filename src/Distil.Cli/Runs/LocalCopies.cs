using Distil.Cli.Workspaces;
using Distil.Core;
using Distil.Core.Artifacts;
using Distil.Core.Errors;
using Distil.Core.Specification;

namespace Distil.Cli.Runs;

/// <summary>Copies of a run's results in the workspace, where a browser and other programs find them.</summary>
internal sealed class LocalCopies(Workspace workspace, ArtifactStore store)
{
    /// <summary>Copies the report.</summary>
    /// <returns>Its path.</returns>
    /// <exception cref="InvalidInputException">The run has no report.</exception>
    internal async Task<string> ReportAsync(string runId, CancellationToken cancel)
    {
        var path = Path.Combine(workspace.Run(runId), "report.html");
        var blob = ArtifactLayout.Report(runId);
        if (!await store.ExistsAsync(blob, cancel))
        {
            throw new InvalidInputException($"{blob} does not exist: {runId} has no report; `distil status {runId}` says where it stands");
        }

        await CopyAsync(blob, path, cancel);
        return path;
    }

    /// <summary>Copies the distilled student's folder.</summary>
    /// <returns>Its path.</returns>
    /// <exception cref="InvalidInputException">The run has no model.</exception>
    internal async Task<string> ModelAsync(string runId, CancellationToken cancel)
    {
        var folder = Path.Combine(workspace.Run(runId), "model");
        return await store.ExistsAsync(ArtifactLayout.ReportData(runId), cancel) // written last: without it, files may be missing
            && await CopyAllAsync(ArtifactLayout.Model(runId, StudentVariant.Distilled), folder, cancel)
            ? folder
            : throw new InvalidInputException($"{runId} has no model yet; `distil status {runId}` says where it stands");
    }

    /// <summary>Copies the student's folders for other programs.</summary>
    /// <returns>The folder that contains them; null if the run has none.</returns>
    internal async Task<string?> ExportsAsync(string runId, CancellationToken cancel)
    {
        var folder = Path.Combine(workspace.Run(runId), "exports");
        return await CopyAllAsync(ArtifactLayout.Exports(runId), folder, cancel) ? folder : null;
    }

    /// <returns>Whether there is anything.</returns>
    private async Task<bool> CopyAllAsync(string prefix, string folder, CancellationToken cancel)
    {
        var any = false;
        await foreach (var blob in store.ListAsync(prefix, cancel))
        {
            await CopyAsync(blob.Name, Path.Combine(folder, blob.Name[prefix.Length..]), cancel);
            any = true;
        }

        return any;
    }

    private async Task CopyAsync(string blob, string path, CancellationToken cancel)
    {
        try
        {
            await AtomicFile.WriteAsync(path, temporary => store.DownloadUncheckedAsync(blob, temporary, cancel));
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new IOException(
                $"the run has made {blob}, which is in the storage, but it could not be copied to {path}: {refused.Message.TrimEnd('.')}; "
                + "`distil report RUN`, `distil generate --run RUN` or `distil export RUN` makes it again", refused);
        }
    }
}
