using Distil.Core.Artifacts;
using Distil.Core.Runs;
using Distil.Core.Sources;
using Distil.Core.Specification;

namespace Distil.Core.Tests.Runs;

/// <summary>A run that did less than was asked says so; one that did all says nothing.</summary>
public sealed class ShortfallsTests
{
    private static readonly PlannedText Planned = new() { Tokens = 1000, Files = 4, FilesRead = 4 };

    [Fact]
    public void A_run_that_did_all_says_nothing()
    {
        Assert.Empty(Of(Dataset(1000, 1000), Planned, maxTokens: 2000));
        Assert.Empty(Of(Dataset(1000), Planned));
        Assert.Empty(Of(Dataset(600), Planned)); // an estimate
        Assert.Empty(Of(Dataset(600) with { Counts = new DocumentCounts { Trained = 10, Empty = 90 } }, Planned)); // blank lines of a text
    }

    [Fact]
    public void Too_few_tokens_are_reported_with_the_reason()
    {
        Assert.Equal(
            ["dataset.maxTokens is 8,000, and the run trained on 1,222 tokens: 10 of 80 files were read, because their bytes promised more text; "
                + "a larger maxTokens reads more files"],
            Of(Dataset(1222), Planned with { Files = 80, FilesRead = 10 }, maxTokens: 8000));
        Assert.Equal(
            ["dataset.maxTokens is 8,000, and the run trained on 1,222 tokens: the sources have no more text to train on"], Of(Dataset(1222), null, maxTokens: 8000));
        Assert.Equal(
            ["dataset.maxTokens is 2,000, and the run trained on 1,400 tokens: 1 of 2 shards have less text than their part of these tokens"],
            Of(Dataset(1000, 400), Planned, maxTokens: 2000));
        Assert.Equal(["the plan estimated 1,000 tokens from the bytes of the sources, and the text has 100"], Of(Dataset(100), Planned));
    }

    [Fact]
    public void Shards_documents_and_files_that_were_left_out_are_reported()
    {
        Assert.Equal(["1 of 2 shards have no row to train on"], Of(Dataset(1000, null), Planned));
        Assert.Equal(
            ["3 of 10 documents were passed over: 2 without text, 1 not UTF-8 (the first: a.jsonl:3: has no field text)"],
            Of(Dataset(1000) with { Counts = new() { Trained = 7, WithoutText = 2, NotUtf8 = 1, FirstFault = "a.jsonl:3: has no field text" } }, Planned));
        Assert.Equal(
            ["5 of 10 documents were passed over: 5 empty"],
            Of(Dataset(1000) with { Counts = new() { Trained = 5, Empty = 5 } }, Planned, format: DatasetFormat.Jsonl));
        Assert.Equal(
            ["2 files of other formats in the sources' folders not read (the first: data/a.csv)"],
            Of(Dataset(1000), Planned with { OtherFiles = 2, FirstOther = "data/a.csv" }));
    }

    [Fact]
    public void Lines_that_are_too_short_for_documents_are_pointed_out_unless_the_separator_is_set()
    {
        var lines = Dataset(1000) with { Counts = new() { Trained = 90, HeldOut = 10 }, EvalTokens = 400 };
        Assert.Equal(
            ["a document has 14 tokens on average, because each line is one; if documents take several lines, set dataset.documentSeparator"], Of(lines, Planned));
        Assert.Empty(Of(lines, Planned, separator: "\n\n"));
        Assert.Empty(Of(lines, Planned, format: DatasetFormat.Jsonl));
        Assert.Empty(Of(lines with { Counts = new() { Trained = 20 } }, Planned)); // 20 documents are too few to judge by
    }

    private static IReadOnlyList<string> Of(
        DatasetManifest dataset, PlannedText? planned, long? maxTokens = null, DatasetFormat format = DatasetFormat.Text, string separator = "\n") =>
        Shortfalls.Of(
            new RunSpec
            {
                Name = "tales",
                Teacher = new TeacherSpec { Path = "teacher" },
                Dataset = new DatasetSpec { Sources = ["a"], MaxTokens = maxTokens, Format = format, DocumentSeparator = separator },
            },
            planned, dataset);

    private static DatasetManifest Dataset(params long?[] tokens) => new()
    {
        DatasetId = "d",
        Counts = new DocumentCounts { Trained = 10 },
        Shards =
        [
            .. tokens.Select((count, i) => new DatasetShard
            {
                Index = i, Documents = 5, SourceBytes = 10, Train = count is { } made ? new TokenFile(new ArtifactFile("f", 1, "s"), 1, made) : null,
            }),
        ],
        TrainRows = 1,
        TrainTokens = tokens.Sum() ?? 0,
        EvalRows = 1,
        EvalTokens = 100,
    };
}
