using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using Distil.Core.Errors;
using Distil.Core.Tokenization;
using Distil.Fuzzing;

namespace Distil.Core.Tests.Tokenization;

public sealed class HuggingFaceTokenizerTests : ChangedTokenizer
{
    private static readonly HuggingFaceTokenizer Tiny = HuggingFaceTokenizer.Load(Golden);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string, int[], string> GoldenCases()
    {
        var cases = new TheoryData<string, int[], string>();
        foreach (var item in JsonNode.Parse(File.ReadAllText(Path.Combine(Golden, "encodings.json")))!.AsArray())
        {
            cases.Add((string)item!["text"]!, item["ids"].Deserialize<int[]>()!, (string)item["decoded"]!);
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(GoldenCases), DisableDiscoveryEnumeration = true)]
    public void Gives_the_golden_ids_and_text(string text, int[] ids, string decoded)
    {
        Assert.Equal(ids, Tiny.Encode(text, cancel: Cancel));
        Assert.Equal(decoded, Tiny.Decode(ids));
    }

    [Fact]
    public void Decodes_what_it_encoded_to_the_composed_text() =>
        Gen.String.Each(text =>
        {
            var wellFormed = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
            Assert.Equal(CanonicalComposition.Compose(wellFormed), Tiny.Decode(Tiny.Encode(text).ToArray()));
        });

    [Fact]
    public void Decodes_broken_UTF_8_to_replacement_characters_and_unknown_ids_to_nothing()
    {
        var face = Tiny.Encode("😀", cancel: Cancel);
        Assert.Equal("\ufffd", Tiny.Decode([.. face[..^1]]));
        Assert.Equal("\ufffd!", Tiny.Decode([.. face[..1], 3]));
        Assert.Equal("!", Tiny.Decode([-1, 3, 70_000]));
    }

    [Fact]
    public void Encodes_a_megabyte_in_linear_time()
    {
        var story = string.Concat(Enumerable.Range(0, 20_000).Select(i => $"The fox number {i} found a red stone near the river and gave it to Mara. "));
        var watch = System.Diagnostics.Stopwatch.StartNew();
        Assert.NotEmpty(Tiny.Encode(story, cancel: Cancel));
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 60); // it takes a second; quadratic time would be hours
    }

    [Fact]
    public void Knows_its_size_and_its_end_of_text()
    {
        Assert.Equal(1024, Tiny.VocabularySize);
        Assert.Equal(0, Tiny.EndOfText);
    }

    [Fact]
    public void Takes_the_end_of_text_from_the_configuration_where_the_usual_names_are_missing()
    {
        var path = Write(root =>
        {
            root["added_tokens"]![0]!["content"] = "</s>";
            root["model"]!["vocab"]!.AsObject().Remove("<|endoftext|>");
            root["model"]!["vocab"]!["</s>"] = 0;
        });
        Assert.Contains("eos_token", Assert.Throws<InvalidInputException>(() => HuggingFaceTokenizer.Load(path).EndOfText).Message, StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(Folder, "tokenizer_config.json"), """{ "eos_token": { "content": "</s>" } }""");
        Assert.Equal(0, HuggingFaceTokenizer.Load(path).EndOfText);
    }
}
