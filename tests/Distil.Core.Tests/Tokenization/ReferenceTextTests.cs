using System.Text.Json.Nodes;
using CsCheck;
using Distil.Core.Tokenization;

namespace Distil.Core.Tests.Tokenization;

/// <summary>The same ids and text as Hugging Face's library gives, for texts of many kinds and tokenizers of several models.</summary>
public sealed class ReferenceTextTests : ChangedTokenizer
{
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
        Assert.Contains(1024, HuggingFaceTokenizer.Load(path).Encode("a dinosaur here", cancel: TestContext.Current.CancellationToken));
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
}
