using System.Text.Json.Nodes;
using Distil.Core.Errors;
using Distil.Core.Tokenization;

namespace Distil.Core.Tests.Tokenization;

public sealed class BpeTrainerTests : IDisposable
{
    private static readonly string[] Story =
        [.. Enumerable.Range(0, 200).Select(i => $"Mara found {i} red stones near the old river, and the fox said: \"Café, naïve 你好 😀!\" They weren't alone.")];

    private readonly string _folder = Directory.CreateTempSubdirectory("distil-bpe-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Merges_the_most_frequent_pair_first_and_of_equals_the_one_of_lower_ids()
    {
        // Words: abab ×3, " cd" ×2; (a,b) 6; then (ab,ab) 3; then (c,d) before (Ġ,c), both 2, as c's id is lower than Ġ's.
        var learned = BpeTrainer.Train(["abab cd", "abab cd", "abab"], 1000);
        Assert.Equal([("a", "b"), ("ab", "ab"), ("c", "d"), ("Ġ", "cd")], learned.Merges);
        Assert.Equal("<|endoftext|>", learned.Tokens[0]);
        Assert.Equal(257 + 4, learned.Tokens.Count);
    }

    [Fact]
    public void Writes_the_structure_of_the_golden_file_with_the_same_bytes_each_time()
    {
        BpeTrainer.Train(Story, 400).Save(_folder);
        var first = File.ReadAllBytes(Path.Combine(_folder, "tokenizer.json"));
        BpeTrainer.Train(Story, 400).Save(_folder);
        Assert.Equal(first, File.ReadAllBytes(Path.Combine(_folder, "tokenizer.json")));

        var (written, golden) = (Parse(_folder), Parse(Path.Combine(AppContext.BaseDirectory, "Golden", "tokenizer-tiny")));
        foreach (var root in (JsonObject[])[written, golden])
        {
            root["model"]!["vocab"] = root["model"]!["merges"] = null;
            root["added_tokens"] = new JsonArray(root["added_tokens"]![0]!.DeepClone());
        }

        Assert.Equal(golden.ToJsonString(), written.ToJsonString());
    }

    [Fact]
    public void What_it_learned_reads_back_and_shortens_the_text()
    {
        BpeTrainer.Train(Story, 320).Save(_folder);
        var tokenizer = HuggingFaceTokenizer.Load(_folder);
        Assert.Equal(320, tokenizer.VocabularySize);
        Assert.Equal(0, tokenizer.EndOfText);
        Assert.InRange(tokenizer.Encode(Story[7], cancel: Cancel).Count, 10, Story[7].Length / 2);
        Assert.Equal(Story[7], tokenizer.Decode([.. tokenizer.Encode(Story[7], cancel: Cancel)]));
    }

    [Fact]
    public void Hugging_Face_reads_what_it_wrote_and_gives_the_same_ids()
    {
        ReferenceTokenizer.SkipWhereMissing();
        BpeTrainer.Train(Story, 400).Save(_folder);
        var tokenizer = HuggingFaceTokenizer.Load(_folder);
        string[] texts = [.. Story.Take(20), "<|endoftext|>e\u0301 unseen words"];
        var expected = ReferenceTokenizer.Encode(Path.Combine(_folder, "tokenizer.json"), texts).Select(encoding => encoding.Ids);
        Assert.Equal(expected, texts.Select(text => tokenizer.Encode(text).ToArray()));
    }

    [Fact]
    public void Rejects_a_size_without_room_for_the_bytes_and_an_empty_text()
    {
        Assert.Contains("257", Assert.Throws<InvalidInputException>(() => BpeTrainer.Train(Story, 256)).Message, StringComparison.Ordinal);
        Assert.Contains("no text", Assert.Throws<InvalidInputException>(() => BpeTrainer.Train(["", ""], 300)).Message, StringComparison.Ordinal);
    }

    private static JsonObject Parse(string folder) => JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "tokenizer.json")))!.AsObject();
}
