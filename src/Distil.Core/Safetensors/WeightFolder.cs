using Distil.Core.Errors;

namespace Distil.Core.Safetensors;

/// <summary>The weights of a Hugging Face folder: <c>model.safetensors</c>, or the shards that <c>model.safetensors.index.json</c> names.</summary>
public sealed class WeightFolder : IDisposable
{
    private readonly Dictionary<string, SafetensorsFile> _files = [];

    private WeightFolder(string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw new InvalidInputException($"{folder}: no such folder");
        }

        string[] names = [.. Directory.EnumerateFiles(folder).Select(path => Path.GetFileName(path))];
        var list = Path.Combine(folder, WeightIndex.Name);
        var index = names.Contains(WeightIndex.Name) ? WeightIndex.Read(list, list) : null;
        var files = WeightIndex.FilesOf(names.Contains(WeightIndex.SingleName), index);
        if (files.Count == 0)
        {
            throw new InvalidInputException($"{folder}: has neither {WeightIndex.SingleName} nor {WeightIndex.Name}");
        }

        Warnings = FolderFiles.Check(folder, names, files);
        if (files.FirstOrDefault(file => !names.Contains(file)) is { } missing)
        {
            throw new InvalidInputException($"{list}: names the shard {missing}, which is not in {folder}");
        }

        try
        {
            foreach (var path in files.Select(file => Path.Combine(folder, file)))
            {
                _files.Add(path, SafetensorsFile.Open(path));
            }

            var isList = index is not null && files.SequenceEqual(index.Shards);
            Stored = StoredTensors.Of(folder, _files.Select(file => (file.Key, file.Value.Header)), isList ? index : null);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <value>The tensors of all files.</value>
    public StoredTensors Stored { get; }

    /// <value>The open files, sorted by name.</value>
    public IReadOnlyList<SafetensorsFile> Files => [.. _files.Values];

    /// <value>Files of weights that are not read, in at most one sentence.</value>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>Opens every file of the folder.</summary>
    /// <exception cref="InvalidInputException">There are no weights, a shard is missing or damaged, or the index does not match its shards.</exception>
    public static WeightFolder Open(string folder) => new(folder);

    /// <summary>Whether the folder contains a tensor.</summary>
    public bool Contains(string name) => Stored.ByName.ContainsKey(name);

    /// <summary>The file that contains a tensor.</summary>
    /// <exception cref="InvalidInputException">No file of the folder does, or two files contain it with different bytes.</exception>
    public SafetensorsFile FileOf(string name)
    {
        if (!Stored.ByName.TryGetValue(name, out var stored))
        {
            throw new InvalidInputException($"{Stored.Folder}: the weights have no tensor {name}");
        }

        foreach (var (read, other) in Stored.Twice.Where(twice => twice.Read.Name == name))
        {
            if (!HaveSameBytes(read, other))
            {
                throw new InvalidInputException($"{other.Path}: {name} differs from that in {read.Path}; expected it once");
            }
        }

        return _files[stored.Path];
    }

    /// <summary>The file that contains a tensor of plain floating-point numbers, and the tensor's description. It must have a given shape.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="shape">The expected shape.</param>
    /// <param name="because">The reason for that shape, for the message: <c>config.json (hidden_size 96)</c>.</param>
    /// <exception cref="InvalidInputException">The tensor is missing, or has another shape or type.</exception>
    public (SafetensorsFile File, SafetensorsEntry Entry) FindExact(string name, IReadOnlyList<long> shape, string because)
    {
        var file = FileOf(name);
        var entry = file.EntryOf(name, shape, because);
        return entry.Dtype.IsPlain
            ? (file, entry)
            : throw new InvalidInputException($"{file.Path}: {name} is {entry}; expected floating-point numbers of 16 bits or more");
    }

    /// <summary>Whether two tensors of this folder have the same type, shape and bytes.</summary>
    public bool HaveSameBytes(StoredTensor one, StoredTensor other) =>
        TensorBytes.AreEqual((_files[one.Path], one.Name), (_files[other.Path], other.Name));

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var file in _files.Values)
        {
            file.Dispose();
        }
    }
}
