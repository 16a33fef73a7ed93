using System.Text.Json;
using Distil.Core.Errors;

namespace Distil.Core.Safetensors;

/// <summary>The list of a sharded model's tensors (<c>model.safetensors.index.json</c>), and the choice between it and a single file.</summary>
/// <param name="Path">The list's path or URL, for messages.</param>
/// <param name="ShardOf">The file of each tensor.</param>
public sealed record WeightIndex(string Path, IReadOnlyDictionary<string, string> ShardOf)
{
    /// <summary>Name of an unsharded model's only file.</summary>
    public const string SingleName = "model.safetensors";

    /// <summary>Name of the list of a sharded model's files.</summary>
    public const string Name = "model.safetensors.index.json";

    /// <value>The files, sorted by name.</value>
    public IReadOnlyList<string> Shards => [.. ShardOf.Values.Distinct().Order(StringComparer.Ordinal)];

    /// <summary>Reads a list.</summary>
    /// <param name="file">The file on this machine.</param>
    /// <param name="path">Its name in messages.</param>
    /// <exception cref="InvalidInputException">It is no such list, or names a file outside its folder.</exception>
    public static WeightIndex Read(string file, string path)
    {
        try
        {
            InputFile.RequireRegular(file);
            using var document = JsonDocument.Parse(File.ReadAllBytes(file));
            if (document.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty("weight_map", out var map))
            {
                throw new JsonException("weight_map is missing");
            }

            var shards = map.Deserialize<Dictionary<string, string>>();
            return shards is { Count: > 0 } && !shards.ContainsValue(null!)
                ? new WeightIndex(path, shards).Checked()
                : throw new JsonException("weight_map names no file");
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            var reason = GitLfs.IsPointer(file) ? GitLfs.Advice : $"not a list of weights: {error.Message}";
            throw new InvalidInputException($"{path}: {reason}", error);
        }
    }

    /// <summary>The files from which a model's weights are read: the single file if there is one, as in transformers, else those of the list.</summary>
    /// <param name="hasSingle">Whether the folder contains <see cref="SingleName"/>.</param>
    /// <param name="index">The folder's list; null if it has none.</param>
    /// <returns>Their names; empty if the folder has neither.</returns>
    public static IReadOnlyList<string> FilesOf(bool hasSingle, WeightIndex? index) =>
        hasSingle && index?.Shards.Contains(SingleName) != true ? [SingleName] : index?.Shards ?? [];

    private WeightIndex Checked()
    {
        var outside = Shards.FirstOrDefault(shard => shard != System.IO.Path.GetFileName(shard) || shard.Length == 0);
        return outside is null ? this : throw new InvalidInputException($"{Path}: names the shard {outside}, which is not in its folder");
    }
}
