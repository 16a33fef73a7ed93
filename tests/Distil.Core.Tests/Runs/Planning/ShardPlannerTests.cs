using CsCheck;
using Distil.Core.Errors;
using Distil.Core.Runs.Planning;
using Distil.Core.Sources;
using Distil.Core.Specification;
using Distil.Fuzzing;

namespace Distil.Core.Tests.Runs.Planning;

public sealed class ShardPlannerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Shards_lie_end_to_end_and_cover_every_byte_once()
    {
        SourceFile[] files = [Of("a.txt", 1000), Of("b.txt", 1), Of("c.txt", 0), Of("d.txt.gz", 700), Of("e.txt", 12_345)];
        Gen.Long[1, 4000].Each(
            shardTokens =>
            {
                var shards = ShardPlanner.Plan(files, [], Dataset(shardTokens));
                Assert.Equal(Enumerable.Range(0, shards.Count), shards.Select(shard => shard.Index));
                Assert.All(shards, shard => Assert.NotEmpty(shard.Ranges));
                foreach (var file in files)
                {
                    long end = 0;
                    foreach (var range in shards.SelectMany(shard => shard.Ranges).Where(range => range.Path == file.Path))
                    {
                        Assert.Equal(end, range.Start);
                        end = range.End;
                    }

                    Assert.Equal(file.Bytes, end);
                }

                Assert.InRange(shards.SelectMany(shard => shard.Ranges).Count(range => range.Path == "d.txt.gz"), 1, 1);
            },
            count: 50);
    }

    [Fact]
    public void Shards_of_plain_text_have_no_more_than_shardTokens()
    {
        var shards = ShardPlanner.Plan([Of("a.txt", 12_345)], [], Dataset(100));
        Assert.Equal(31, shards.Count);
        Assert.All(shards, shard => Assert.InRange(shard.EstimatedTokens, 99, 100));
    }

    [Fact]
    public void A_compressed_file_makes_one_shard_however_long_it_is()
    {
        var shard = Assert.Single(ShardPlanner.Plan([Of("a.jsonl.zst", 60_000)], [], Dataset(1000) with { MaxTokens = 10_000 }));
        Assert.Equal(new SourceRange("a.jsonl.zst", 0, 60_000), Assert.Single(shard.Ranges));
        Assert.Equal(10_000, shard.MaxTokens);
    }

    [Fact]
    public void A_text_whose_documents_are_no_lines_is_not_cut()
    {
        var shards = ShardPlanner.Plan([Of("a.txt", 12_345), Of("b.txt", 700)], [], Dataset(100) with { DocumentSeparator = "\n\n" });
        Assert.Equal([new("a.txt", 0, 12_345), new SourceRange("b.txt", 0, 700)], shards.SelectMany(shard => shard.Ranges));
    }

    [Fact]
    public void JSON_lines_that_are_mostly_not_text_are_measured_so_that_enough_files_are_read()
    {
        var sparse = Enumerable.Range(0, 40).Select(i => _folder.Write(
            $"sparse/{i:00}.jsonl", $$"""{"text": "{{new string('a', 400)}}", "html": "{{new string('b', 40_000)}}"}""" + "\n")).ToList();
        var dataset = Dataset(100_000) with { Format = DatasetFormat.Jsonl, MaxTokens = 1000 };
        Assert.Equal(40, Ranges(sparse, dataset)); // 100 tokens in each: 8 times 1000 tokens need all
        var dense = Enumerable.Range(0, 40).Select(i => _folder.Write($"dense/{i:00}.jsonl", $$"""{"text": "{{new string('a', 4000)}}"}""" + "\n")).ToList();
        Assert.Equal(8, Ranges(dense, dataset)); // a little more than 1000 tokens in each by their bytes, as always

        static int Ranges(List<string> paths, DatasetSpec dataset) => ShardPlanner.Plan(
            [.. paths.SelectMany(path => LocalSources.List(path, DatasetFormat.Jsonl, SpecPaths.Sources, cancel: Cancel))], [], dataset).Sum(shard => shard.Ranges.Count);
    }

    [Fact]
    public void MaxTokens_are_dealt_to_as_few_shards_as_they_need()
    {
        var shards = ShardPlanner.Plan([Of("a.txt", 400_000)], [], Dataset(10_000) with { MaxTokens = 25_000 });
        Assert.Equal(3, shards.Count);
        Assert.Equal(25_000, shards.Sum(shard => shard.MaxTokens));
        Assert.Equal(25_000, shards.Sum(shard => shard.EstimatedTokens));
        Assert.Equal(400_000, shards.Sum(shard => shard.Ranges.Sum(range => range.End - range.Start)));
    }

    [Fact]
    public void A_part_of_a_large_corpus_names_few_of_its_files()
    {
        var files = Enumerable.Range(0, 10_000).Select(i => Of($"{i:00000}.parquet", 2_000_000_000)).ToList();
        var shards = ShardPlanner.Plan(files, [], Dataset(16_777_216) with { MaxTokens = 512_000_000 });
        Assert.Equal(31, shards.Count);
        Assert.All(shards, shard => Assert.InRange(shard.Ranges.Count, 1, 2));
        Assert.All(shards, shard => Assert.True(shard.Ranges.Sum(range => range.End - range.Start) >= 8 * 3 * shard.EstimatedTokens));
    }

    [Fact]
    public void Pre_tokenised_lines_count_as_fewer_tokens_than_text_of_their_length()
    {
        var path = _folder.Write("ids.jsonl", """{"ids": [1234, 4321, 1000]}""" + "\n");
        Assert.Equal(5, ShardPlanner.Plan(LocalSources.List(path, DatasetFormat.Jsonl, SpecPaths.Sources, cancel: Cancel), [], Dataset(100))[0].EstimatedTokens);
    }

    [Fact]
    public void Held_out_files_are_the_first_shards_and_not_trained_on()
    {
        var (train, eval) = (Of("train.txt", 8000), Of("eval.txt", 4000));
        var shards = ShardPlanner.Plan([eval, train], [eval], Dataset(1000) with { EvalSources = ["eval.txt"] });
        Assert.All(shards.SelectMany(shard => shard.Ranges), range => Assert.Equal(train.Path, range.Path));
        Assert.Equal([new SourceRange(eval.Path, 0, 4000)], shards[0].EvalRanges);
        Assert.All(shards.Skip(1), shard => Assert.Empty(shard.EvalRanges));
    }

    [Fact]
    public void Sources_without_a_byte_are_an_error_that_names_them()
    {
        var error = Assert.Throws<InvalidInputException>(() => ShardPlanner.Plan([Of("a.txt", 0)], [], Dataset(1000) with { Sources = ["a.*"] }));
        Assert.Contains("dataset.sources: a.*: no text", error.Message, StringComparison.Ordinal);
    }

    private static SourceFile Of(string path, long bytes) => new() { Path = path, Bytes = bytes };

    private static DatasetSpec Dataset(long shardTokens) => new() { Sources = ["x"], ShardTokens = shardTokens };
}
