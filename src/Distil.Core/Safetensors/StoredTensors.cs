using System.Globalization;
using Distil.Core.Errors;

namespace Distil.Core.Safetensors;

/// <summary>A tensor of a model's files of weights.</summary>
/// <param name="Name">Its name on disk.</param>
/// <param name="Path">Its file.</param>
/// <param name="Entry">Its type and shape.</param>
public sealed record StoredTensor(string Name, string Path, SafetensorsEntry Entry)
{
    /// <summary>The error about a value that is infinite or not a number.</summary>
    /// <param name="index">The index of the value, from 0, in row-major order.</param>
    /// <param name="value">The value.</param>
    public InvalidInputException NotFinite(long index, double value)
    {
        var place = new long[Entry.Shape.Count];
        for (var dimension = place.Length - 1; dimension >= 0; dimension--)
        {
            (index, place[dimension]) = Math.DivRem(index, Entry.Shape[dimension]);
        }

        return new(string.Create(CultureInfo.InvariantCulture, $"{Path}: {Name}[{string.Join(", ", place)}] is {value}; expected finite numbers"));
    }
}

/// <summary>The tensors of a model's files of weights, from the files' headers alone.</summary>
public sealed class StoredTensors
{
    private readonly Dictionary<string, StoredTensor> _byName = new(StringComparer.Ordinal);
    private readonly List<(StoredTensor Read, StoredTensor Other)> _twice = [];

    private StoredTensors(string folder) => Folder = folder;

    /// <value>The folder, for messages.</value>
    public string Folder { get; }

    /// <value>The tensors by name, each from one file.</value>
    public IReadOnlyDictionary<string, StoredTensor> ByName => _byName;

    /// <value>Tensors that two files contain: both must have the same bytes.</value>
    public IReadOnlyList<(StoredTensor Read, StoredTensor Other)> Twice => _twice;

    /// <summary>Collects the tensors of some files.</summary>
    /// <param name="folder">The folder, for messages.</param>
    /// <param name="files">The files' paths with their headers.</param>
    /// <param name="index">The list that names the files; null if there is a single file.</param>
    /// <exception cref="InvalidInputException">The list and its files do not agree, or two files contain different tensors of one name.</exception>
    public static StoredTensors Of(string folder, IEnumerable<(string Path, SafetensorsHeader Header)> files, WeightIndex? index)
    {
        var stored = new StoredTensors(folder);
        foreach (var (path, header) in files)
        {
            foreach (var (name, entry) in header.Entries)
            {
                stored.Add(new StoredTensor(name, path, entry), index);
            }
        }

        foreach (var (name, shard) in index?.ShardOf ?? new Dictionary<string, string>())
        {
            if (!stored._byName.TryGetValue(name, out var tensor) || NameOf(tensor.Path) != shard)
            {
                throw new InvalidInputException($"{index!.Path}: puts {name} in {shard}, which has no such tensor");
            }
        }

        return stored;
    }

    /// <summary>The warning about tensors that are not read; none if there are none.</summary>
    public static IEnumerable<string> Unread(IReadOnlyList<StoredTensor> tensors, string because) =>
        tensors.Count == 0 ? [] : [$"{tensors[0].Path}: contains {Few(tensors)}: {because}"];

    /// <summary>Some names of tensors, for messages.</summary>
    internal static string Few(IReadOnlyList<StoredTensor> tensors) => tensors.Count switch
    {
        1 => tensors[0].Name,
        2 => $"{tensors[0].Name}, {tensors[1].Name}",
        _ => $"{tensors[0].Name}, {tensors[1].Name} and {tensors.Count - 2} more tensors",
    };

    /// <summary>The last part of a path or URL.</summary>
    internal static string NameOf(string path) => Uri.UnescapeDataString(WebUrl.WithoutQuery(path)[(path.LastIndexOfAny(['/', '\\']) + 1)..]);

    private void Add(StoredTensor tensor, WeightIndex? index)
    {
        if (_byName.TryAdd(tensor.Name, tensor))
        {
            return;
        }

        var other = _byName[tensor.Name];
        if (tensor.Entry.Dtype != other.Entry.Dtype || !tensor.Entry.Shape.SequenceEqual(other.Entry.Shape))
        {
            throw new InvalidInputException($"{tensor.Path}: {tensor.Name} is {tensor.Entry}, and {other.Entry} in {other.Path}; expected it once");
        }

        // The list says which of them is read.
        if (index?.ShardOf.GetValueOrDefault(tensor.Name) == NameOf(tensor.Path))
        {
            (_byName[tensor.Name], tensor, other) = (tensor, other, tensor);
        }

        _twice.Add((other, tensor));
    }
}
