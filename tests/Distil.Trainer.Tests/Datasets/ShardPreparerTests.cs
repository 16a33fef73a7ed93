using System.Text.Json;
using CsCheck;
using Distil.Core.Artifacts;
using Distil.Core.Errors;
using Distil.Core.Runs.Planning;
using Distil.Core.Sources;
using Distil.Core.Specification;
using Distil.Core.Tokenization;
using Distil.Fuzzing;
using Distil.Trainer.Datasets;

namespace Distil.Trainer.Tests.Datasets;

public sealed class ShardPreparerTests : IDisposable
{
    private static readonly HuggingFaceTokenizer Tokenizer = HuggingFaceTokenizer.Load(Path.Combine(AppContext.BaseDirectory, "Golden", "tokenizer-tiny"));

    private readonly string _folder = Directory.CreateTempSubdirectory("distil-shards-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Any_number_of_shards_holds_the_same_documents_and_the_same_split()
    {
        Write("a.txt", string.Concat(Enumerable.Range(0, 150).Select(i => new string('é', i * 7 % 40) + $" document {i}" + (i % 3 == 0 ? "\r\n" : "\n"))));
        Write("b.txt", "\n\nthe last file\n   \nhas no line end");
        var dataset = Dataset() with { EvalFraction = 0.3 };
        var whole = Documents(dataset with { ShardTokens = 1_000_000 });
        Assert.Equal(152, whole.Train.Count + whole.Eval.Count);
        Assert.InRange(whole.Eval.Count, 20, 80);
        Gen.Long[3, 2000].Each(
            shardTokens =>
            {
                var cut = Documents(dataset with { ShardTokens = shardTokens });
                Assert.Equal(whole.Train, cut.Train);
                Assert.Equal(whole.Eval, cut.Eval);
                Assert.Equal(whole.Tokens, cut.Tokens);
            },
            count: 25);
    }

    [Fact]
    public void A_file_that_changes_while_it_is_read_is_refused_and_no_file_remains()
    {
        Write("a.txt", "abc\nHello, world!\n");
        var shard = new ShardSource { Index = 0, Ranges = [SourceRange.Of(LocalSources.FileAt(At("a.txt")), 0, 18)], EvalRanges = [], EstimatedTokens = 1 };
        var changes = new Changes(() => File.AppendAllText(At("a.txt"), "more\n"));
        var refused = Assert.Throws<InvalidInputException>(() => new ShardPreparer(Tokenizer, Dataset())
            .Prepare(shard, At("train.bin"), At("eval.bin"), changes, TestContext.Current.CancellationToken));
        Assert.StartsWith($"{At("a.txt")}: has changed since it was planned", refused.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(At("train.bin")));
    }

    private sealed class Changes(Action change) : IProgress<PreparationProgress>
    {
        public void Report(PreparationProgress value) => change();
    }

    [Fact]
    public void Documents_are_packed_end_to_end_with_an_end_of_text_each()
    {
        Write("a.txt", "abc\n\nHello, world!\n");
        var shard = Assert.Single(Prepare(Dataset() with { EvalFraction = 0, ContextLength = 8 }));
        int[] expected = [.. Tokenizer.Encode("abc", cancel: TestContext.Current.CancellationToken), 0, .. Tokenizer.Encode("Hello, world!", cancel: TestContext.Current.CancellationToken), 0];
        Assert.Equal(expected, shard.Train.SelectMany(row => row));
        Assert.All(shard.Train.SkipLast(1), row => Assert.Equal(8, row.Length));
        Assert.Equal((2, 1, expected.Length), (shard.Counts.Documents.Trained, shard.Counts.Documents.Empty, shard.Counts.Tokens));
        Assert.Empty(shard.Eval);
    }

    [Fact]
    public void Ids_of_exactly_a_row_come_out_as_those_rows()
    {
        int[][] rows = [[1, 2, 3, 4, 5, 6, 7, 8], [11, 12, 13, 14, 15, 16, 17, 18], [21, 22, 23, 24, 25, 26, 27, 0]];
        Write("a.jsonl", string.Join('\n', rows.Select(row => JsonSerializer.Serialize(new { ids = row }))));
        Write("eval.jsonl", JsonSerializer.Serialize(new { ids = rows[1] }));
        var dataset = Dataset("a.jsonl") with { Format = DatasetFormat.Jsonl, ContextLength = 8, EvalSources = [At("eval.jsonl")] };
        var shard = Assert.Single(Prepare(dataset));
        Assert.Equal(rows, shard.Train);
        Assert.Equal([rows[1]], shard.Eval);
    }

    [Fact]
    public void Other_ids_are_ended_unless_they_end_already_and_whole_rows_pass_them_by()
    {
        Write("a.jsonl", """
            {"ids": [1, 2, 3]}
            {"ids": [11, 12, 13, 14, 15, 16, 17, 18]}
            {"ids": [4, 0]}
            {"ids": []}

            {"text": "!"}
            """);
        var shard = Assert.Single(Prepare(Dataset("a.jsonl") with { Format = DatasetFormat.Jsonl, ContextLength = 8, EvalFraction = 0 }));
        Assert.Equal([[11, 12, 13, 14, 15, 16, 17, 18], [1, 2, 3, 0, 4, 0, 3, 0]], shard.Train);
        Assert.Equal(1, shard.Counts.Documents.Empty);
    }

    [Fact]
    public void MaxTokens_stop_exactly_there_in_all_shards_together()
    {
        Write("a.txt", string.Concat(Enumerable.Range(0, 500).Select(i => $"a story with the number {i} in it\n")));
        var shards = Prepare(Dataset() with { MaxTokens = 1001, ShardTokens = 400 });
        Assert.Equal(3, shards.Count);
        Assert.Equal(1001, shards.Sum(shard => shard.Counts.Tokens));
    }

    [Theory]
    [InlineData("""{"text": 3}""", "text is a JSON number; expected a string")]
    [InlineData("""{"text": """, "well-formed")]
    [InlineData("[1]", "array")]
    [InlineData("""{"ids": [1024]}""", "1024 is not a token; expected integers from 0 to 1023")]
    [InlineData("""{"ids": [-1]}""", "-1")]
    [InlineData("""{"ids": ["1"]}""", "not a token")]
    public void An_ill_formed_line_is_an_error_with_file_and_line_and_leaves_nothing(string line, string message)
    {
        Write("a.jsonl", "{\"text\": \"good\"}\n\n" + line + "\n");
        var dataset = Dataset("a.jsonl") with { Format = DatasetFormat.Jsonl };
        var error = Assert.Throws<InvalidInputException>(() => Prepare(dataset));
        Assert.Contains("a.jsonl:3: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder, "*.bin*"));
    }

    [Fact]
    public void Documents_without_text_or_not_UTF_8_are_passed_over_and_counted_with_the_first_ones_place()
    {
        File.WriteAllBytes(
            At("a.jsonl"), [.. "{\"text\": \"good\"}\n{\"body\": \"x\"}\n{\"text\": null}\n{\"text\": \""u8, 0xC3, 0x28, .. "\"}\n{\"text\": \" \"}\n"u8]);
        var counts = Assert.Single(Prepare(Dataset("a.jsonl") with { Format = DatasetFormat.Jsonl, EvalFraction = 0 })).Counts.Documents;
        var fault = $"{At("a.jsonl")}:2: has no field text; it has body";
        Assert.Equal(new DocumentCounts { Trained = 1, WithoutText = 2, NotUtf8 = 1, Empty = 1, FirstFault = fault }, counts);
        Assert.Equal($"1 empty, 2 without text, 1 not UTF-8 (the first: {fault})", counts.DescribePassedOver());
    }

    [Fact]
    public void Many_broken_lines_take_no_longer_than_as_many_good_ones()
    {
        // The place of a fault is found by counting lines from the file's beginning: once, not for each of 200,000.
        File.WriteAllBytes(At("a.txt"), [.. Enumerable.Repeat((byte[])[0xC3, 0x28, (byte)'\n'], 200_000).SelectMany(line => line), .. "abc\n"u8]);
        var counts = Assert.Single(Prepare(Dataset("a.txt") with { EvalFraction = 0, ShardTokens = 1_000_000 })).Counts.Documents;
        Assert.Equal((200_000, 1, $"{At("a.txt")}:1: is not UTF-8"), (counts.NotUtf8, counts.Trained, counts.FirstFault));
    }

    [Fact]
    public void Documents_longer_than_a_row_are_counted_and_nothing_of_them_is_lost()
    {
        Write("a.txt", new string('x', 300) + "\nabc\n");
        var shard = Assert.Single(Prepare(Dataset() with { EvalFraction = 0 }));
        Assert.Equal((2, 1), (shard.Counts.Documents.Trained, shard.Counts.Documents.LongerThanRow));
        Assert.Equal([.. Tokenizer.Encode(new string('x', 300), cancel: TestContext.Current.CancellationToken), 0, .. Tokenizer.Encode("abc", cancel: TestContext.Current.CancellationToken), 0], shard.Train.SelectMany(row => row));
    }

    [Fact]
    public void A_cancelled_preparation_leaves_nothing()
    {
        Write("a.txt", "a document\n");
        var dataset = Dataset();
        Assert.Throws<OperationCanceledException>(() =>
            new ShardPreparer(Tokenizer, dataset).Prepare(Plan(dataset)[0], At("t.bin"), At("e.bin"), cancel: new CancellationToken(true)));
        Assert.Empty(Directory.GetFiles(_folder, "*.bin*"));
    }

    private DatasetSpec Dataset(string source = "") => new() { Sources = [At(source)], ContextLength = 16 };

    private (List<string> Train, List<string> Eval, long Tokens) Documents(DatasetSpec dataset)
    {
        var shards = Prepare(dataset);
        return (Sorted(shards.Select(shard => shard.Train)), Sorted(shards.Select(shard => shard.Eval)), shards.Sum(shard => shard.Counts.Tokens));

        static List<string> Sorted(IEnumerable<int[][]> shards) => [.. shards
            .SelectMany(rows => Tokenizer.Decode([.. rows.SelectMany(row => row)]).Split("<|endoftext|>", StringSplitOptions.RemoveEmptyEntries))
            .Order(StringComparer.Ordinal)];
    }

    private List<(PreparedShard Counts, int[][] Train, int[][] Eval)> Prepare(DatasetSpec dataset)
    {
        var preparer = new ShardPreparer(Tokenizer, dataset);
        return [.. Plan(dataset).Select(shard => (preparer.Prepare(shard, At("t.bin"), At("e.bin")), Rows("t.bin"), Rows("e.bin")))];
    }

    private int[][] Rows(string name)
    {
        using var rows = TokenRows.Open(At(name));
        var buffer = new long[rows.ContextLength];
        return [.. Enumerable.Range(0, (int)rows.Rows).Select(row => buffer.Take(rows.ReadRow(row, buffer)).Select(id => (int)id).ToArray())];
    }

    private static IReadOnlyList<ShardSource> Plan(DatasetSpec dataset) =>
        ShardPlanner.Plan(Files(dataset.Sources, dataset), Files(dataset.EvalSources, dataset), dataset);

    private static List<SourceFile> Files(IReadOnlyList<string> sources, DatasetSpec dataset) =>
        [.. sources.SelectMany(source => LocalSources.List(source, dataset.Format, SpecPaths.Sources, cancel: TestContext.Current.CancellationToken))];

    private string At(string name) => name.Length == 0 ? _folder : Path.Combine(_folder, name);

    private void Write(string name, string text) => File.WriteAllText(At(name), text);
}
