using Distil.Cli.Engine;
using Distil.Cli.Engine.Journal;
using Distil.Core.Errors;

namespace Distil.Cli.Tests.Engine;

/// <summary>Journals that do not fit the pipeline: the run is left as it is, and the error names both.</summary>
public sealed class RefusedJournalTests
{
    private readonly ScriptedRun _run = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("run")]
    [InlineData("train-001")]
    public async Task Leaves_a_run_alone_whose_journal_another_version_wrote_to(string path)
    {
        await _run.RunAsync();
        _run.Journals.Logs[path] = [.. _run.Journals.Logs[path][..^1], (byte)'\n', .. JournalLine.Seal("""{ "version": 4, "index": 99 }"""u8.ToArray())];
        if (path != "run")
        {
            _run.Journals.Logs.TryRemove("run", out _);
        }

        var before = _run.Journals.Logs[path];

        var error = await Assert.ThrowsAsync<InvalidInputException>(() => _run.RunAsync());

        Assert.Equal($"journal/{path}.jsonl: version is 4, expected 3: another version of distil wrote it; use that one, or a new run", error.Message);
        Assert.Equal(before, _run.Journals.Logs[path]);
    }

    [Theory]
    [InlineData("run")]
    [InlineData("train-001")]
    public async Task Leaves_a_run_alone_whose_stored_journal_has_version_1(string path)
    {
        var stored = await File.ReadAllBytesAsync(Path.Combine(AppContext.BaseDirectory, "Engine", "Journal", "Version1", $"{path}.jsonl"), Cancel);
        Assert.True(stored.Length > 4000);
        _run.Journals.Logs[path] = stored;

        var error = await Assert.ThrowsAsync<InvalidInputException>(() => _run.RunAsync());

        Assert.Equal($"journal/{path}.jsonl: version is 1, expected 3: another version of distil wrote it; use that one, or a new run", error.Message);
        Assert.Equal(stored, _run.Journals.Logs[path]);
    }

    [Theory]
    [InlineData(null, 1)] // from before there were versions
    [InlineData(2, 2)] // each request contained the whole specification
    public async Task Leaves_a_run_alone_whose_journal_has_an_earlier_version(int? stored, int version)
    {
        await _run.RunAsync();
        _run.Journals.Logs["run"] = [.. _run.Journals.Entries("run").SelectMany(
            entry => JournalLine.Write(entry with { Version = entry.Version is null ? null : stored }))];
        var error = await Assert.ThrowsAsync<InvalidInputException>(() => _run.RunAsync());
        Assert.StartsWith($"journal/run.jsonl: version is {version}, expected 3:", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pipeline_that_asks_for_another_activity_than_its_journal_holds_ends_with_an_error_that_names_both()
    {
        await _run.RunAsync();
        Rewrite("run", entry => entry.Call == 0 ? entry with { Name = "find-artefact" } : entry);
        var error = await Assert.ThrowsAsync<NonDeterminismException>(() => _run.RunAsync());
        Assert.Contains("journal/run.jsonl: step 0 was activity find-artefact", error.Message, StringComparison.Ordinal);
        Assert.Contains("now asks for activity find-artifact", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sub_pipeline_too()
    {
        await _run.RunAsync();
        _run.Journals.Logs["run"] = [.. _run.Journals.Entries("run").Take(2).SelectMany(JournalLine.Write)];
        Rewrite("prepare-00000", entry => entry.Call == 1 ? entry with { Name = "pull-job" } : entry);
        var error = await Assert.ThrowsAsync<NonDeterminismException>(() => _run.RunAsync());
        Assert.Contains("journal/prepare-00000.jsonl: step 1 was activity pull-job", error.Message, StringComparison.Ordinal);
    }

    private void Rewrite(string path, Func<JournalEntry, JournalEntry> change) =>
        _run.Journals.Logs[path] = [.. _run.Journals.Entries(path).Select(change).SelectMany(JournalLine.Write)];
}
