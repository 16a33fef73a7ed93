using Distil.Core.Sources;
using Distil.Core.Specification;
using Distil.Core.Tokenization;
using Distil.Trainer.Datasets;
using Distil.Trainer.Evaluation;
using Distil.Trainer.Evaluation.Recall;
using Distil.Trainer.Evaluation.Tasks;
using Distil.Trainer.Pretraining;

namespace Distil.Trainer.Tests.Datasets;

/// <summary>A tokenizer whose texts begin with a token: rows, held-out rows, tasks, recall and counts of text agree on it.</summary>
public sealed class BeginningOfTextTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("distil-beginning-").FullName;
    private readonly HuggingFaceTokenizer _tokenizer;
    private readonly int _first, _end;

    public BeginningOfTextTests()
    {
        File.Copy(Path.Combine(AppContext.BaseDirectory, "Golden", "tokenizer-tiny", "tokenizer.json"), Path.Combine(_folder, "tokenizer.json"));
        File.WriteAllText(Path.Combine(_folder, "tokenizer_config.json"), """{ "add_bos_token": true, "bos_token": "~" }""");
        _tokenizer = HuggingFaceTokenizer.Load(_folder);
        (_first, _end) = (_tokenizer.Beginning!.Value, _tokenizer.EndOfText);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Documents_and_rows_begin_with_it_and_never_twice()
    {
        var rows = Packed(8, long.MaxValue, ([3, 4, 5], false), ([_first, 6], false), ([11, 12, 13, 14, 15, 16, 17, 18], true), ([21, 22, 23, 24, 25, 26, 27, 28, 29], true));
        Assert.Equal(
            [
                [_first, 3, 4, 5, _end, _first, 6, _end],
                [11, 12, 13, 14, 15, 16, 17, 18],           // ids that are a row stay as they are
                [_first, 21, 22, 23, 24, 25, 26, 27],
                [_first, 28, 29, _end],
            ],
            rows);
        Assert.Equal([[_first, 3, 4, 5, _end, _first, 6]], Packed(8, 7, ([3, 4, 5], false), ([6, 7, 8], false)));
    }

    [Fact]
    public void A_file_is_evaluated_in_the_rows_in_which_it_would_be_trained()
    {
        var path = Path.Combine(_folder, "text.txt");
        File.WriteAllText(path, string.Concat(Enumerable.Range(0, 30).Select(i => $"This is story {i}, and it is short.\n")));
        var dataset = new DatasetSpec { Sources = [path], ContextLength = 16, EvalFraction = 0 };
        var shard = new ShardSource { Index = 0, Ranges = [SourceRange.Of(LocalSources.FileAt(path), 0, new FileInfo(path).Length)], EvalRanges = [], EstimatedTokens = 1 };
        var (train, eval) = (Path.Combine(_folder, "t.bin"), Path.Combine(_folder, "e.bin"));
        var counts = new ShardPreparer(_tokenizer, dataset).Prepare(shard, train, eval, cancel: TestContext.Current.CancellationToken);
        using var rows = TokenRows.Open(train);
        var trained = EvaluationRows.Of(rows, long.MaxValue).ToArray();
        Assert.Equal(trained, EvaluationRows.Of(path, new(_tokenizer), _tokenizer.VocabularySize, 16, _ => { }));
        Assert.All(trained, row => Assert.Equal(_first, row[0]));
        Assert.All(trained, row => Assert.DoesNotContain(row.Zip(row.Skip(1)), pair => pair == (_first, _first)));
        Assert.Equal(counts.Tokens, trained.Sum(row => row.Length));
    }

    [Fact]
    public void Tasks_recall_counts_and_pretraining_have_it_too()
    {
        long[] ids = [.. _tokenizer.Encode("The cat", cancel: TestContext.Current.CancellationToken)];
        var (scored, empty) = (ScoredText.Of(_tokenizer, "The cat", " sat"), ScoredText.Of(_tokenizer, "", "The cat"));
        Assert.Equal((_first, ids.Length + 1), (scored.Tokens[0], scored.Tokens.Count - scored.Scored));
        Assert.Equal([_first, .. ids], empty.Tokens);
        Assert.Equal(ids.Length, empty.Scored);
        var shortened = new ScoredText([_first, 2, 3, 4, 5, 6], 2, KeepsFirst: true).Within(3);
        Assert.Equal([_first, 4, 5, 6], shortened.Tokens);
        Assert.Equal(2, shortened.Scored);

        var tokens = RecallTokens.Of([[_first, 9, 8, _end]], _end, _first);
        Assert.Equal([8, 9, _first], [.. tokens.Vocabulary, tokens.First]);
        Assert.Equal(new TextCounts(2, 7), new TokenText(_tokenizer).Count([_first, .. ids, _end, _first]));

        var path = Path.Combine(_folder, "two.txt");
        File.WriteAllText(path, "The cat\nThe cat\n");
        int[] document = [_first, .. ids.Select(id => (int)id), _end];
        Assert.Equal([.. document, .. document], TextTokens.Read(path, _tokenizer));
    }

    private int[][] Packed(int contextLength, long maxTokens, params (int[] Ids, bool AreIds)[] documents)
    {
        var rows = new List<int[]>();
        var packer = new RowPacker(row => rows.Add(row.Ids), contextLength, () => _end, () => _first, maxTokens);
        foreach (var (ids, areIds) in documents)
        {
            if (!packer.IsFull)
            {
                packer.Add(ids, areIds);
            }
        }

        packer.Flush();
        Assert.Equal(rows.Sum(row => row.Length), packer.Tokens);
        return [.. rows];
    }
}
