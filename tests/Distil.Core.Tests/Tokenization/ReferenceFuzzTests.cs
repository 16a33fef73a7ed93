using System.Text;
using System.Text.Json.Nodes;
using Distil.Core.Errors;
using Distil.Core.Tokenization;

namespace Distil.Core.Tests.Tokenization;

/// <summary>Random patterns and added tokens give the tokens that Hugging Face's own library gives, or are refused.</summary>
/// <remarks>The number of cases is 150, or that of <c>DISTIL_FUZZ</c>.</remarks>
public sealed class ReferenceFuzzTests
{
    private static readonly int Cases = int.TryParse(Environment.GetEnvironmentVariable("DISTIL_FUZZ"), out var cases) ? cases : 150;

    [Fact]
    public void Patterns_split_as_in_Hugging_Face_or_are_refused()
    {
        ReferenceTokenizer.SkipWhereMissing();
        var accepted = new List<(string Pattern, string Text, JsonObject Tokenizer, int[] Words)>();
        for (var seed = 0; accepted.Count < Cases; seed++)
        {
            var random = new RandomPattern(seed);
            var (pattern, text) = (random.Pattern(), random.Text());
            if (Words(pattern, text) is { } words)
            {
                accepted.Add((pattern, text, Tokenizer(pattern), words));
            }
        }

        var encoded = ReferenceTokenizer.EncodeEach(accepted.Select(each => (each.Tokenizer, each.Text)));
        var compared = 0;
        foreach (var (mine, theirs) in accepted.Zip(encoded).Where(pair => pair.Second.Error is null)) // a pattern may be an error there
        {
            compared++;
            Assert.True(
                mine.Words.SequenceEqual(theirs.Words!),
                $"{JsonValue.Create(mine.Pattern)!.ToJsonString()} in {JsonValue.Create(mine.Text)!.ToJsonString()}: {string.Join(' ', mine.Words)}; "
                + $"in Hugging Face: {string.Join(' ', theirs.Words!)}");
        }

        Assert.True(compared > Cases * 3 / 4, $"{compared} of {Cases} patterns are valid in both");
    }

    [Fact]
    public void Added_tokens_are_found_as_in_Hugging_Face_or_refused()
    {
        ReferenceTokenizer.SkipWhereMissing();
        using var folder = new TemporaryFolder();
        var accepted = new List<(string Text, JsonObject Tokenizer, int[] Ids)>();
        for (var seed = 0; accepted.Count < Cases; seed++)
        {
            var random = new Random(seed);
            var tokenizer = Tokenizer(@"\s+|\S");
            tokenizer["normalizer"] = new JsonObject { ["type"] = "NFC" };
            tokenizer["added_tokens"] = AddedTokens(random);
            folder.Write("tokenizer.json", tokenizer.ToJsonString());
            try
            {
                var text = string.Concat(Enumerable.Range(0, random.Next(1, 10)).Select(_ => Pick(random, AddedText)));
                accepted.Add((text, tokenizer, [.. HuggingFaceTokenizer.Load(folder.Path).Encode(text, cancel: TestContext.Current.CancellationToken)]));
            }
            catch (InvalidInputException)
            {
                // refused by name
            }
        }

        foreach (var (mine, theirs) in accepted.Zip(ReferenceTokenizer.EncodeEach(accepted.Select(each => (each.Tokenizer, each.Text)))))
        {
            Assert.True(
                mine.Ids.SequenceEqual(theirs.Ids!),
                $"{mine.Tokenizer["added_tokens"]!.ToJsonString()} in {JsonValue.Create(mine.Text)!.ToJsonString()}: {string.Join(' ', mine.Ids)}; "
                + $"in Hugging Face: {string.Join(' ', theirs.Ids ?? [])} {theirs.Error}");
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

    /// <summary>The number of the word of each byte of a text; null if the pattern is refused.</summary>
    private static int[]? Words(string pattern, string text)
    {
        try
        {
            var words = new List<Word>();
            new WordSplitter([SplitStep.Of(pattern, keepGaps: true)]).Split(text, words);
            return [.. words.SelectMany((word, i) => Enumerable.Repeat(i, Encoding.UTF8.GetByteCount(text.AsSpan(word.Start, word.Length))))];
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private static JsonObject Tokenizer(string pattern)
    {
        var byteLevel = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true, ["use_regex"] = false };
        return new JsonObject
        {
            ["version"] = "1.0",
            ["added_tokens"] = new JsonArray(),
            ["pre_tokenizer"] = new JsonObject
            {
                ["type"] = "Sequence",
                ["pretokenizers"] = new JsonArray(
                    new JsonObject
                    {
                        ["type"] = "Split", ["pattern"] = new JsonObject { ["Regex"] = pattern }, ["behavior"] = "Isolated", ["invert"] = false,
                    },
                    byteLevel),
            },
            ["decoder"] = byteLevel.DeepClone(),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["vocab"] = new JsonObject(Enumerable.Range(0, 256).Select(value => KeyValuePair.Create(ByteAlphabet.Character((byte)value).ToString(), (JsonNode?)value))),
                ["merges"] = new JsonArray(),
            },
        };
    }
}
