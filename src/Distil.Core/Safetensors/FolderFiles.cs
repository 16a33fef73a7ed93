using Distil.Core.Errors;

namespace Distil.Core.Safetensors;

/// <summary>Files of a model's folder beside those that are read.</summary>
public static class FolderFiles
{
    private const string Adapter = "adapter_config.json";

    /// <summary>Checks the files that are not read.</summary>
    /// <param name="folder">The folder, for messages.</param>
    /// <param name="names">The names of all its files.</param>
    /// <param name="weights">The names of the files from which the weights are read.</param>
    /// <returns>Warnings: weights that are not read. Weights in other formats are the same ones, as everywhere.</returns>
    /// <exception cref="InvalidInputException">A file changes the model and is not read.</exception>
    public static IReadOnlyList<string> Check(string folder, IReadOnlyCollection<string> names, IReadOnlyCollection<string> weights)
    {
        if (names.Contains(Adapter))
        {
            throw new InvalidInputException($"{folder}: has {Adapter}, an adapter, which is not read; expected a model into which it was merged");
        }

        var unread = names.Where(name => name.EndsWith(".safetensors", StringComparison.Ordinal) && !weights.Contains(name));
        string[] others = [.. unread.Order(StringComparer.Ordinal)];
        return others.Length == 0
            ? []
            : [$"{folder}: the weights are read from {Few(weights)}, not from {Few(others)}"];
    }

    private static string Few(IReadOnlyCollection<string> names) => names.Count <= 2
        ? string.Join(" and ", names)
        : $"{names.First()} to {names.Last()} ({names.Count} files)";
}
