using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using Distil.Core.Errors;
using Distil.Core.Tokenization;
using Distil.Fuzzing;

namespace Distil.Core.Tests.Tokenization;

public sealed class HuggingFaceTokenizerTests : IDisposable
{
    private static readonly string Golden = Path.Combine(AppContext.BaseDirectory, "Golden", "tokenizer-tiny");
    private static readonly HuggingFaceTokenizer Tiny = HuggingFaceTokenizer.Load(Golden);

    private static readonly string[] Varied =
    [
        "Hello, world!", "It's we'll I'M THEY'VE x'ſ a'S", "  leading  and\ttrailing  ", "line\r\nbreaks\r\n\r\n\n  indented\n", "12345 3.14159 0x1F ١٢٣ ²³ Ⅷ",
        "def f(x: int) -> str:\n    return f\"{x:>10}\"  # комментарий\n",
        "for (int i = 0; i < n; ++i) { s += a[i]; }",
        "SELECT * FROM t WHERE a='b' AND c<>\"d\";",
        "你好，世界。这是一个测试。", "こんにちは世界、テストです。", "안녕하세요 세계", "한글 조합: \u1112\u1161\u11AB\u1100\u1173\u11AF", "привет мир", "مرحبا بالعالم", "שָׁלוֹם עולם",
        "नमस्ते दुनिया",
        "สวัสดีชาวโลก",
        "Xin chào thế giới",
        "e\u0301 a\u030A o\u0323\u0302 \u1e9b\u0323 \u0340\u0344 \u2126 \u212B",
        "😀👩‍💻🏽 👨‍👩‍👧‍👦 🇩🇪 ❤️",
        "a😀b 😀 c",
        "𠀀𠀁a 𠮷野家 𝒜𝓑𝟘𝟙 𐐀𐐨 𞤀", "𝟘𝟙𝟚 x𝟘", "🄰🅐 𐄇 ⑳", "\u00a0nbsp\u2003em\u3000ideographic\u200bzero", "\0\u0001\u007f\u0085", "\ufffd\ufeffbom", "\ue000\U000F0000",
        "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\nok<|im_end|>",
        "<|endoftext|>x<|endoftext|><|endoftext|>",
        "<|im_start|<|im_start|>|>",
        "<tool_call>\n{\"name\": \"f\", \"arguments\": {}}\n</tool_call>",
        "http://e.org/a?b=c&d=%20#f",
        "{\"k\": [1, 2.5e-3, null]}",
        "",
        " ",
        "\n",
        "   \n \n\t x", new string('x', 300), "ab\u0300\u0301\u0316c",
        "The quick brown fox jumps over the lazy dog. Antidisestablishmentarianism!",
        "don't can't won't I'd we've you're they'll",
        "$\\int_0^\\infty e^{-x^2}dx = \\frac{\\sqrt{\\pi}}{2}$",
        "…—–“quotes”‘single’«guillemets»",
    ];

    private readonly string _folder = Directory.CreateTempSubdirectory("distil-tokenizer-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

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
    public void Reads_the_real_Qwen_tokenizer_as_Hugging_Face_does()
    {
        ReferenceTokenizer.SkipWhereMissing();
        EqualToReference(ReferenceTokenizer.QwenTokenizer, Varied);
    }

    [Fact]
    public void Reads_random_text_as_Hugging_Face_does()
    {
        ReferenceTokenizer.SkipWhereMissing();
        // Only code points that every recent version of Unicode contains, because the libraries may have different versions.
        var character = Gen.OneOf(
            Gen.OneOf(" ", "\n", "\r", "\t", "'s", "'LL", "ſ", "\u00a0", "\u3000", "<|im_start|>", "<think>", "<|endoftext|>"),
            Range(' ', '~'), Range(0xA1, 0x4FF), Range(0x300, 0x345), Range(0x1100, 0x11FF), Range(0x4E00, 0x9FEF), Range(0xAC00, 0xD7A3),
            Range(0x1D400, 0x1D7FF), Range(0x1F300, 0x1F6FF), Range(0x20000, 0x2A6D6));
        EqualToReference(ReferenceTokenizer.QwenTokenizer, character.Array[1, 60].Select(string.Concat).Array[2000].Single());

        static Gen<string> Range(int from, int to) => Gen.Int[from, to].Select(char.ConvertFromUtf32);
    }

    [Theory]
    [InlineData("""
        [{"type":"Split","behavior":"Isolated","invert":false,"pattern":{"Regex":"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|
        \\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"}},
        {"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false}]
        """)]
    [InlineData("""[{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}]""")]
    [InlineData("""
        [{"type":"Digits","individual_digits":true},{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}]
        """)]
    public void Reads_the_pre_tokenizers_of_Llama_3_GPT_2_and_SmolLM2_as_Hugging_Face_does(string steps)
    {
        ReferenceTokenizer.SkipWhereMissing();
        var path = Write(root =>
        {
            root["pre_tokenizer"] = new JsonObject { ["type"] = "Sequence", ["pretokenizers"] = JsonNode.Parse(steps.ReplaceLineEndings("")) };
            root["normalizer"] = null;
            root["post_processor"] = JsonNode.Parse("""
                {"type":"Sequence","processors":[{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":false,"use_regex":true}]}
                """);
            root["model"]!["ignore_merges"] = true;
            root["model"]!["vocab"]!["Ġdinosaur"] = 1024; // No merge makes it: only ignore_merges finds it.
            root["model"]!["merges"] = new JsonArray([.. root["model"]!["merges"]!.AsArray().Select(pair => (JsonNode)$"{pair![0]} {pair[1]}")]);
        });
        EqualToReference(path, [.. Varied, "a dinosaur here"]);
        Assert.Contains(1024, HuggingFaceTokenizer.Load(path).Encode("a dinosaur here", cancel: Cancel));
    }

    [Fact]
    public void Finds_added_tokens_as_Hugging_Face_does()
    {
        ReferenceTokenizer.SkipWhereMissing();
        var path = Write(root =>
        {
            var id = 1024;
            (string, string)[] tokens =
                [("<l>", "lstrip"), ("<r>", "rstrip"), ("word", "single_word"), ("caf\u00e9", "normalized"), ("<lr>", "lstrip rstrip"), ("<l>x", "")];
            foreach (var (content, flags) in tokens)
            {
                root["added_tokens"]!.AsArray().Add(new JsonObject
                {
                    ["id"] = id++,
                    ["content"] = content,
                    ["single_word"] = flags.Contains("single_word"),
                    ["lstrip"] = flags.Contains("lstrip"),
                    ["rstrip"] = flags.Contains("rstrip"),
                    ["normalized"] = flags.Contains("normalized"),
                    ["special"] = !flags.Contains("normalized"),
                });
            }
        });
        EqualToReference(path,
        [
            "a  <l>  b", "a  <r>  b", "a <r>  <l> b", "a word, words sword word_ word", "word",
            "cafe\u0301s café", "x <lr> <lr> y", "<l>x <l> x", "é<r>\n\nword", "日word本 word。", "<r> word",
        ]);
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
    public void Encodes_a_megabyte_in_a_second_or_two()
    {
        var story = string.Concat(Enumerable.Range(0, 20_000).Select(i => $"The fox number {i} found a red stone near the river and gave it to Mara. "));
        var watch = System.Diagnostics.Stopwatch.StartNew();
        Assert.NotEmpty(Tiny.Encode(story, cancel: Cancel));
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 5);
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
        File.WriteAllText(Path.Combine(_folder, "tokenizer_config.json"), """{ "eos_token": { "content": "</s>" } }""");
        Assert.Equal(0, HuggingFaceTokenizer.Load(path).EndOfText);
    }

    [Theory]
    [InlineData("model", """{ "type": "Unigram", "vocab": {}, "merges": [] }""", "model.type: Unigram")]
    [InlineData("model", """{ "type": "BPE", "vocab": {}, "merges": [] }""", "model.vocab has no token '!'")]
    [InlineData("model", """{ "type": "BPE", "vocab": {}, "merges": [3] }""", "model.merges: 3")]
    [InlineData("normalizer", """{ "type": "NFKC" }""", "normalizer: NFKC")]
    [InlineData("pre_tokenizer", """{ "type": "Metaspace", "replacement": "▁" }""", "pre_tokenizer: without ByteLevel")]
    [InlineData("pre_tokenizer", """{ "type": "Metaspace", "replacement": "▁▁" }""", "pre_tokenizer.Metaspace.replacement: ▁▁")]
    [InlineData("normalizer", """{ "type": "Replace", "pattern": { "Regex": " +" }, "content": "_" }""", "normalizer.Replace.pattern")]
    [InlineData("decoder", """{ "type": "Sequence", "decoders": [{ "type": "ByteFallback" }] }""", "decoder: Sequence")]
    [InlineData("pre_tokenizer", """{ "type": "Digits", "individual_digits": true }""", "pre_tokenizer: without ByteLevel")]
    [InlineData("pre_tokenizer", """{ "type": "ByteLevel", "add_prefix_space": true }""", "add_prefix_space: true")]
    [InlineData("pre_tokenizer", """{ "type": "Split", "pattern": { "Regex": "[[:alpha:]]" }, "behavior": "Isolated", "invert": false }""", "[[:alpha:]]")]
    [InlineData("pre_tokenizer", """{ "type": "Split", "pattern": { "Regex": "(" }, "behavior": "Isolated", "invert": false }""", "( is not supported")]
    [InlineData("pre_tokenizer", """{ "type": "Split", "pattern": { "Regex": "a" }, "behavior": "MergedWithNext", "invert": false }""", "MergedWithNext")]
    [InlineData("post_processor", """{ "type": "BertProcessing" }""", "post_processor: BertProcessing")]
    [InlineData("decoder", """{ "type": "WordPiece" }""", "decoder: WordPiece")]
    [InlineData("decoder", "null", "decoder: null")]
    [InlineData("added_tokens", "[{}]", "id is missing")]
    [InlineData("added_tokens", """[{"id": 0, "content": "<|endoftext|>", "rstrip": true}, {"id": 1024, "content": " ", "lstrip": true}]""", "white space with lstrip")]
    [InlineData("added_tokens", "3", "well-formed")]
    public void Rejects_a_component_that_it_does_not_reproduce_by_its_name(string field, string value, string message)
    {
        var path = Write(root => root[field] = JsonNode.Parse(value));
        var error = Assert.Throws<InvalidInputException>(() => HuggingFaceTokenizer.Load(path));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rejects_a_missing_and_a_truncated_file()
    {
        Assert.Throws<InvalidInputException>(() => HuggingFaceTokenizer.Load(_folder));
        var path = Path.Combine(_folder, "tokenizer.json");
        File.WriteAllText(path, File.ReadAllText(Path.Combine(Golden, "tokenizer.json"))[..1000]);
        Assert.Contains("well-formed", Assert.Throws<InvalidInputException>(() => HuggingFaceTokenizer.Load(path)).Message, StringComparison.Ordinal);
    }

    private static void EqualToReference(string tokenizerJson, IReadOnlyList<string> texts)
    {
        var tokenizer = HuggingFaceTokenizer.Load(tokenizerJson);
        var expected = ReferenceTokenizer.Encode(tokenizerJson, texts);
        Assert.Equal(texts.Count, expected.Count);
        Assert.All(texts.Zip(expected), pair =>
        {
            Assert.Equal(pair.Second.Ids, tokenizer.Encode(pair.First));
            Assert.Equal(pair.Second.Decoded, tokenizer.Decode(pair.Second.Ids));
        });
    }

    private string Write(Action<JsonNode> change)
    {
        var root = JsonNode.Parse(File.ReadAllText(Path.Combine(Golden, "tokenizer.json")))!;
        change(root);
        var path = Path.Combine(_folder, "tokenizer.json");
        File.WriteAllText(path, root.ToJsonString());
        return path;
    }
}
