using Distil.Core.Errors;

namespace Distil.Trainer.Datasets.Sources;

/// <summary>Describes why a document has no text in the expected field or column.</summary>
internal static class MissingText
{
    /// <summary>For example "has no column body; it has id, text; did you mean …?", or that the value is null.</summary>
    internal static string Describe(string kind, string name, IReadOnlyCollection<string> there) =>
        there.Contains(name)
            ? $"{kind} {name} is null"
            : $"has no {kind} {name}; it has {(there.Count == 0 ? "none" : string.Join(", ", there))}{NearestName.Suggest(name, there)}";
}
