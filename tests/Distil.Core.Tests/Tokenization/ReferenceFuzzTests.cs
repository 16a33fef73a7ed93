using System.Text.Json.Nodes;
using Distil.Core.Errors;
using Distil.Core.Tokenization;
using Distil.Fuzzing;

namespace Distil.Core.Tests.Tokenization;

/// <summary>Random patterns and added tokens give the tokens that Hugging Face's own library gives, or are refused.</summary>
/// <remarks>There are 150 cases, the same in every run, or as many as <c>DISTIL_FUZZ</c> says, others each time. A failure names its pattern and text.</remarks>
public sealed class ReferenceFuzzTests
{
    private const int AtOnce = 500;

    private static readonly int Cases = RandomInputs.Wanted ?? 150;

    [Fact]
    public void Patterns_split_as_in_Hugging_Face_or_are_refused()
    {
        ReferenceTokenizer.SkipWhereMissing();
        var compared = 0;
        foreach (var accepted in AcceptedPatterns(RandomInputs.Seed).Take(Cases).Chunk(AtOnce))
        {
            var encoded = ReferenceTokenizer.EncodeEach(accepted.Select(each => (SplitPattern.Tokenizer(each.Pattern), each.Text)));
            foreach (var (mine, theirs) in accepted.Zip(encoded).Where(pair => pair.Second.Error is null)) // a pattern may be an error there
            {
                compared++;
                Assert.True(
                    mine.Words.SequenceEqual(theirs.Words!),
                    $"{JsonValue.Create(mine.Pattern)!.ToJsonString()} in {JsonValue.Create(mine.Text)!.ToJsonString()}: {string.Join(' ', mine.Words)}; "
                    + $"in Hugging Face: {string.Join(' ', theirs.Words!)}");
            }
        }

        Assert.True(compared > Cases * 3 / 4, $"{compared} of {Cases} patterns are valid in both");
    }

    [Fact]
    public void Added_tokens_are_found_as_in_Hugging_Face_or_refused()
    {
        ReferenceTokenizer.SkipWhereMissing();
        using var folder = new TemporaryFolder();
        foreach (var accepted in AcceptedTokens(RandomInputs.Seed).Take(Cases).Chunk(AtOnce))
        {
            foreach (var (mine, theirs) in accepted.Zip(ReferenceTokenizer.EncodeEach(accepted.Select(each => (each.Tokenizer, each.Text)))))
            {
                Assert.True(
                    mine.Ids.SequenceEqual(theirs.Ids!),
                    $"{mine.Tokenizer["added_tokens"]!.ToJsonString()} in {JsonValue.Create(mine.Text)!.ToJsonString()}: {string.Join(' ', mine.Ids)}; "
                    + $"in Hugging Face: {string.Join(' ', theirs.Ids ?? [])} {theirs.Error}");
            }
        }
    }

    private static IEnumerable<(string Pattern, string Text, int[] Words)> AcceptedPatterns(int seed)
    {
        for (; ; seed++)
        {
            var random = new RandomPattern(seed);
            var (pattern, text) = (random.Pattern(), random.Text());
            if (SplitPattern.Words(pattern, text) is { } words)
            {
                yield return (pattern, text, words);
            }
        }
    }

    private static IEnumerable<(string Text, JsonObject Tokenizer, int[] Ids)> AcceptedTokens(int seed)
    {
        using var folder = new TemporaryFolder();
        for (; ; seed++)
        {
            var random = new Random(seed);
            var tokenizer = SplitPattern.Tokenizer(@"\s+|\S");
            tokenizer["normalizer"] = new JsonObject { ["type"] = "NFC" };
            tokenizer["added_tokens"] = AddedTokens(random);
            folder.Write("tokenizer.json", tokenizer.ToJsonString());
            HuggingFaceTokenizer read;
            try
            {
                read = HuggingFaceTokenizer.Load(folder.Path);
            }
            catch (InvalidInputException)
            {
                continue; // refused by name
            }

            var text = string.Concat(Enumerable.Range(0, random.Next(1, 10)).Select(_ => Pick(random, AddedText)));
            yield return (text, tokenizer, [.. read.Encode(text, cancel: TestContext.Current.CancellationToken)]);
        }
    }

    private static readonly string[] AddedText =
        ["<a>", "<b>", "<a>b", "  ", " ", "\t", "x", "word", "e\u0301", "é", "\u200d", "\u200c", "Ⓐ", "🄰", "²", "_", "\u0301", "Ⅷ", "ª", "\u00a0", "\u0085", "\u2028", "‿", "😀"];

    private static JsonArray AddedTokens(Random random)
    {
        var (tokens, next) = (new JsonArray(), 256);
        foreach (var content in AddedText.OrderBy(_ => random.Next()).Take(random.Next(1, 5)))
        {
            bool Flag() => random.Next(3) == 0;
            var isByte = content is "x" or "_";
            tokens.Add(new JsonObject
            {
                ["id"] = isByte ? content[0] : random.Next(20) == 0 ? next + 1 : next,
                ["content"] = content, ["single_word"] = Flag(), ["lstrip"] = Flag(), ["rstrip"] = Flag(), ["normalized"] = Flag(), ["special"] = Flag(),
            });
            next += isByte ? 0 : 1;
        }

        return tokens;
    }

    private static string Pick(Random random, string[] from) => from[random.Next(from.Length)];
}
