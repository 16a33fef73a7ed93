using System.Text.Json;
using Distil.Core.Errors;

namespace Distil.Core.Safetensors;

/// <summary>The weights of a Hugging Face folder: <c>model.safetensors</c>, or the shards that <c>model.safetensors.index.json</c> names.</summary>
public sealed class WeightFolder : IDisposable
{
    /// <summary>Name of an unsharded model's only file.</summary>
    public const string SingleName = "model.safetensors";

    /// <summary>Name of the list of a sharded model's files.</summary>
    public const string IndexName = "model.safetensors.index.json";

    private readonly string _folder;
    private readonly List<SafetensorsFile> _files = [];
    private readonly Dictionary<string, SafetensorsFile> _fileOf = [];
    private readonly Dictionary<string, SafetensorsEntry> _entries = [];

    private WeightFolder(string folder) => _folder = folder;

    /// <value>The tensors of all files by name.</value>
    public IReadOnlyDictionary<string, SafetensorsEntry> Entries => _entries;

    /// <value>The open files.</value>
    public IReadOnlyList<SafetensorsFile> Files => _files;

    /// <summary>Opens every file of the folder.</summary>
    /// <exception cref="InvalidInputException">There are no weights, a shard is missing or damaged, or the index does not match its shards.</exception>
    public static WeightFolder Open(string folder)
    {
        var weights = new WeightFolder(folder);
        try
        {
            weights.OpenFiles();
            return weights;
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <summary>Whether the folder contains a tensor.</summary>
    public bool Contains(string name) => _entries.ContainsKey(name);

    /// <summary>The file that contains a tensor.</summary>
    /// <exception cref="InvalidInputException">No file of the folder does.</exception>
    public SafetensorsFile FileOf(string name) =>
        _fileOf.TryGetValue(name, out var file) ? file : throw new InvalidInputException($"{_folder}: the weights have no tensor {name}");

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var file in _files)
        {
            file.Dispose();
        }
    }

    private void OpenFiles()
    {
        if (!Directory.Exists(_folder))
        {
            throw new InvalidInputException($"{_folder}: no such folder");
        }

        var index = Path.Combine(_folder, IndexName);
        if (File.Exists(index))
        {
            OpenShards(index);
        }
        else if (File.Exists(Path.Combine(_folder, SingleName)))
        {
            Add(SafetensorsFile.Open(Path.Combine(_folder, SingleName)));
        }
        else
        {
            throw new InvalidInputException($"{_folder}: has neither {SingleName} nor {IndexName}");
        }
    }

    private void OpenShards(string index)
    {
        var map = ReadIndex(index);
        foreach (var shard in map.Values.Distinct().Order(StringComparer.Ordinal))
        {
            var path = Path.Combine(_folder, shard);
            if (shard != Path.GetFileName(shard) || !File.Exists(path))
            {
                throw new InvalidInputException($"{index}: names the shard {shard}, which is not in {_folder}");
            }

            Add(SafetensorsFile.Open(path));
        }

        foreach (var (name, shard) in map)
        {
            if (!_fileOf.TryGetValue(name, out var file) || Path.GetFileName(file.Path) != shard)
            {
                throw new InvalidInputException($"{index}: puts {name} in {shard}, which has no such tensor");
            }
        }
    }

    private static Dictionary<string, string> ReadIndex(string index)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(index));
            if (document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("weight_map", out var map))
            {
                return map.Deserialize<Dictionary<string, string>>() is { } shards && !shards.ContainsValue(null!)
                    ? shards
                    : throw new JsonException("weight_map names no file");
            }

            throw new JsonException("weight_map is missing");
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new InvalidInputException($"{index}: not a list of weights: {error.Message}", error);
        }
    }

    private void Add(SafetensorsFile file)
    {
        _files.Add(file);
        foreach (var (name, entry) in file.Entries)
        {
            if (!_entries.TryAdd(name, entry))
            {
                throw new InvalidInputException($"{file.Path}: {name} is in {_fileOf[name].Path} too");
            }

            _fileOf[name] = file;
        }
    }
}
