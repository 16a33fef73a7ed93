using Distil.Core.Safetensors;

namespace Distil.Core.Models.Folders;

/// <summary>What is read of a model's folder, and what is not.</summary>
public sealed record ModelReading
{
    /// <value>The files of weights that are read.</value>
    public IReadOnlyList<string> Files { get; init; } = [];

    /// <value>Number of tensors that are read, by element type on disk, for instance <c>BF16</c>.</value>
    public IReadOnlyDictionary<string, int> Tensors { get; init; } = new Dictionary<string, int>();

    /// <value>How quantised weights become numbers; null if the weights are plain numbers.</value>
    public string? Quantization { get; init; }

    /// <value>What is in the folder, may matter and is not read: a sentence for each kind.</value>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>Counts the tensors that are read.</summary>
    /// <param name="read">The tensors.</param>
    /// <param name="warnings">What is not read.</param>
    public static ModelReading Of(IReadOnlyCollection<StoredTensor> read, IReadOnlyList<string> warnings) => new()
    {
        Files = [.. read.Select(tensor => StoredTensors.NameOf(tensor.Path)).Distinct().Order(StringComparer.Ordinal)],
        Tensors = read.GroupBy(tensor => tensor.Entry.Dtype.Name).OrderBy(group => group.Key, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.Count()),
        Warnings = warnings,
    };
}
