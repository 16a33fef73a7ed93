using System.Text.Json.Nodes;

namespace Distil.Core.Tests.Tokenization;

/// <summary>The tiny tokenizer, changed for a test, in a folder of the test.</summary>
public abstract class ChangedTokenizer : IDisposable
{
    private protected static readonly string Golden = Path.Combine(AppContext.BaseDirectory, "Golden", "tokenizer-tiny");

    private protected string Folder { get; } = Directory.CreateTempSubdirectory("distil-tokenizer-").FullName;

    /// <inheritdoc/>
    public void Dispose()
    {
        Directory.Delete(Folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Writes the changed file.</summary>
    /// <returns>Its path.</returns>
    private protected string Write(Action<JsonNode> change)
    {
        var root = JsonNode.Parse(File.ReadAllText(Path.Combine(Golden, "tokenizer.json")))!;
        change(root);
        var path = Path.Combine(Folder, "tokenizer.json");
        File.WriteAllText(path, root.ToJsonString());
        return path;
    }
}
