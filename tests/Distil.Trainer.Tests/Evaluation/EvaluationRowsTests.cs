using System.Text.Json;
using Distil.Core.Errors;
using Distil.Core.Sources;
using Distil.Core.Specification;
using Distil.Core.Tokenization;
using Distil.Trainer.Datasets;
using Distil.Trainer.Evaluation;
using Distil.Trainer.Jobs;
using Distil.Trainer.Tests.Datasets.Chats;

namespace Distil.Trainer.Tests.Evaluation;

/// <summary><c>evaluate</c> measures the rows that a run would make of the same file.</summary>
public sealed class EvaluationRowsTests : IDisposable
{
    private const int Context = 8;
    private static readonly HuggingFaceTokenizer Tokenizer = HuggingFaceTokenizer.Load(Path.Combine(AppContext.BaseDirectory, "Golden", "tokenizer-tiny"));

    private readonly string _folder = Directory.CreateTempSubdirectory("distil-rows-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("text", "ids:3", "text", "ids:8", "ids:16", "text")]
    [InlineData("ids:5", "ids:5", "ids:5")]
    [InlineData("ids:11", "text", "ended:4", "ended:8", "ended:9")]
    [InlineData("ids:0", "empty", "text", "ids:1")]
    public void Documents_become_the_same_rows(params string[] documents)
    {
        var path = Path.Combine(_folder, "a.jsonl");
        File.WriteAllLines(path, documents.Select(Line));
        var range = new SourceRange(path, 0, new FileInfo(path).Length);
        var dataset = new DatasetSpec { Sources = [path], EvalSources = [path], Format = DatasetFormat.Jsonl, ContextLength = Context };
        new ShardPreparer(Tokenizer, dataset).Prepare(
            new ShardSource { Index = 0, Ranges = [], EvalRanges = [range], EstimatedTokens = 0 },
            Path.Combine(_folder, "train.bin"), Path.Combine(_folder, "eval.bin"), cancel: TestContext.Current.CancellationToken);
        using var prepared = TokenRows.Open(Path.Combine(_folder, "eval.bin"));
        Assert.Equal(EvaluationRows.Of(prepared, long.MaxValue), EvaluationRows.Of(path, new(Tokenizer), Tokenizer.VocabularySize, Context, _ => { }));
    }

    [Fact]
    public void Ids_that_are_whole_rows_need_no_tokenizer_and_others_do()
    {
        var path = Path.Combine(_folder, "a.jsonl");
        var none = new Lazy<HuggingFaceTokenizer>(() => throw new InvalidInputException("no tokenizer"));
        File.WriteAllText(path, Line("ids:16"));
        Assert.Equal(2, EvaluationRows.Of(path, none, 100, Context, _ => { }).Count());
        File.WriteAllText(path, Line("ids:15"));
        Assert.Throws<InvalidInputException>(() => EvaluationRows.Of(path, none, 100, Context, _ => { }).Count());
    }

    [Theory]
    [InlineData(ChatPacking.Whole, TrainedTokens.Assistant)]
    [InlineData(ChatPacking.None, TrainedTokens.All)]
    public void Conversations_become_the_rows_and_masks_that_a_run_holds_out(ChatPacking packing, TrainedTokens train)
    {
        var (path, chat, cancel) = (Path.Combine(_folder, "chats.jsonl"), new ChatSpec { Packing = packing, Train = train }, TestContext.Current.CancellationToken);
        File.WriteAllText(Path.Combine(_folder, "chat_template.jinja"), PreparedChats.ChatMl);
        File.WriteAllLines(path,
        [
            """{"messages": [{"role": "user", "content": "Where?"}, {"role": "assistant", "content": "There."}]}""",
            """{"prompt": "Who is it?", "completion": "The fox."}""",
            """{"nothing": 1}""",
            """{"messages": [{"role": "user", "content": "Nobody answers."}]}""",
            """{"messages": [{"role": "user", "content": "And then?"}, {"role": "assistant", "content": "Hello, world! The fox."}]}""",
        ]);
        var dataset = new DatasetSpec { Sources = [path], EvalSources = [path], Format = DatasetFormat.Jsonl, ContextLength = 64, Chat = chat };
        new ShardPreparer(Tokenizer, dataset, modelFolder: _folder).Prepare(
            new ShardSource { Index = 0, Ranges = [], EvalRanges = [new SourceRange(path, 0, new FileInfo(path).Length)], EstimatedTokens = 0 },
            Path.Combine(_folder, "train.bin"), Path.Combine(_folder, "eval.bin"), cancel: cancel);
        var rows = new ChatRows(Tokenizer, _folder, chat, 64);
        var (expected, actual) = (HeldOutRows.Read([Path.Combine(_folder, "eval.bin")], 10), rows.Read(path, 10, cancel));
        Assert.Equal(expected.Select(row => row.Ids), actual.Select(row => row.Ids));
        Assert.Equal(expected.Select(row => row.Counts), actual.Select(row => row.Counts));
        Assert.Contains(actual, row => row.Counts!.Contains(true));
        Assert.Equal((1, train == TrainedTokens.Assistant ? 1 : 0), (rows.PassedOver.WithoutText, rows.PassedOver.WithoutLabel));
        Assert.Equal(actual[0].Ids, Assert.Single(rows.Read(path, 1, cancel)).Ids);
    }

    [Fact]
    public void A_text_is_no_file_of_conversations()
    {
        var path = Path.Combine(_folder, "a.txt");
        File.WriteAllText(path, "Hello.\n");
        var error = Assert.Throws<InvalidInputException>(() => new ChatRows(Tokenizer, _folder, new ChatSpec(), 64).Read(path, 10, TestContext.Current.CancellationToken));
        Assert.Equal($"{path}: is text; expected JSONL or Parquet, whose rows are conversations", error.Message);
    }

    private static string Line(string document) => document.Split(':') switch
    {
        ["ids", var count] => JsonSerializer.Serialize(new { ids = Enumerable.Range(1, int.Parse(count)) }),
        ["ended", var count] => JsonSerializer.Serialize(new { ids = Enumerable.Range(1, int.Parse(count) - 1).Append(Tokenizer.EndOfText) }),
        ["empty"] => """{"text": " "}""",
        _ => """{"text": "Hello, world! The fox."}""",
    };
}
