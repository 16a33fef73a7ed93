using CsCheck;
using Distil.Core.Errors;
using Distil.Core.Runs;

namespace Distil.Core.Tests.Runs;

public sealed class ShardPlannerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("distil-sources-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Shards_lie_end_to_end_and_cover_every_byte_once()
    {
        var files = new[] { File("a.txt", 1000), File("b.txt", 1), File("c.txt", 0), File("d.txt", 12_345) };
        Gen.Long[1, 4000].Sample(
            shardTokens =>
            {
                var shards = ShardPlanner.Plan(files, DatasetFormat.Text, shardTokens);
                Assert.All(shards, shard => Assert.InRange(shard.EstimatedTokens, 0, shardTokens));
                foreach (var file in files)
                {
                    long end = 0;
                    foreach (var range in shards.SelectMany(shard => shard.Ranges).Where(range => range.Path == file))
                    {
                        Assert.Equal(end, range.Start);
                        end = range.End;
                    }

                    Assert.Equal(new FileInfo(file).Length, end);
                }
            },
            iter: 50);
    }

    [Fact]
    public void MaxTokens_are_dealt_to_as_few_shards_as_they_need()
    {
        var shards = ShardPlanner.Plan([File("a.txt", 400_000)], DatasetFormat.Text, 10_000, maxTokens: 25_000);
        Assert.Equal(3, shards.Count);
        Assert.Equal(25_000, shards.Sum(shard => shard.MaxTokens));
        Assert.Equal(400_000, shards.Sum(shard => shard.Ranges.Sum(range => range.End - range.Start)));
    }

    [Fact]
    public void Pre_tokenised_lines_count_as_fewer_tokens_than_text_of_their_length()
    {
        var path = Path.Combine(_folder, "ids.jsonl");
        System.IO.File.WriteAllText(path, """{"ids": [1234, 4321, 1000]}""" + "\n");
        Assert.Equal(5, ShardPlanner.Plan([path], DatasetFormat.Jsonl, 100)[0].EstimatedTokens);
    }

    [Fact]
    public void Held_out_files_are_the_first_shards_and_not_trained_on()
    {
        var (train, eval) = (File("train.txt", 8000), File("eval.txt", 4000));
        var shards = ShardPlanner.Plan([_folder], DatasetFormat.Text, 1000, evalSources: [eval]);
        Assert.All(shards.SelectMany(shard => shard.Ranges), range => Assert.Equal(train, range.Path));
        Assert.Equal([new SourceRange(eval, 0, 4000)], shards[0].EvalRanges);
        Assert.All(shards.Skip(1), shard => Assert.Empty(shard.EvalRanges));
    }

    [Fact]
    public void Sources_without_a_byte_are_an_error_that_names_them()
    {
        var error = Assert.Throws<InvalidInputException>(() => ShardPlanner.Plan([File("a.txt", 0)], DatasetFormat.Text, 1000));
        Assert.Contains("a.txt", error.Message, StringComparison.Ordinal);
    }

    private string File(string name, int bytes)
    {
        var path = Path.Combine(_folder, name);
        System.IO.File.WriteAllBytes(path, new byte[bytes]);
        return path;
    }
}
