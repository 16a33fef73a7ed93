using Distil.Core.Errors;

namespace Distil.Trainer.Datasets.Sources;

/// <summary>Says that a document has no text where it was looked for.</summary>
internal static class Missing
{
    /// <summary>"has no column body; it has id, text; did you mean …?", or that its value is null.</summary>
    internal static string Describe(string kind, string name, IReadOnlyCollection<string> there) =>
        there.Contains(name)
            ? $"{kind} {name} is null"
            : $"has no {kind} {name}; it has {(there.Count == 0 ? "none" : string.Join(", ", there))}{NearestName.Suggest(name, there)}";
}
