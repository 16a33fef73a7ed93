using Distil.Cli.Runs;
using Distil.Cli.Tests.Serving;
using Distil.Core.Artifacts;

namespace Distil.Cli.Tests.Runs;

public sealed class LocalCopiesTests(SharedAzurite azurite)
{
    [Fact]
    public async Task A_copy_that_cannot_be_written_does_not_hide_that_the_run_has_made_it()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var temporary = new TemporaryWorkspace();
        var store = await azurite.NewStoreAsync();
        await store.WriteTextAsync(ArtifactLayout.Report("run"), "<html>", cancel: cancel);
        var folder = temporary.Workspace.Run("run");
        Directory.CreateDirectory(Path.GetDirectoryName(folder)!);
        await File.WriteAllTextAsync(folder, "a file in the folder's place", cancel);

        var error = await Assert.ThrowsAsync<IOException>(() => new LocalCopies(temporary.Workspace, store).ReportAsync("run", cancel));
        Assert.StartsWith("the run has made runs/run/reports/report.html, which is in the storage, but it could not be copied to ", error.Message, StringComparison.Ordinal);
        Assert.Contains("`distil report RUN`", error.Message, StringComparison.Ordinal);
    }
}
