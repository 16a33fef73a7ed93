namespace Distil.Core.Models.Folders;

/// <summary>A weight that a model consists of.</summary>
/// <param name="Name">Its name on disk.</param>
/// <param name="Dimensions">Its shape, with the fields of config.json that determine it.</param>
public sealed record ModelTensor(string Name, IReadOnlyList<Dimension> Dimensions)
{
    /// <value>Whether it is a bias.</value>
    public bool IsBias => Name.EndsWith(".bias", StringComparison.Ordinal);

    /// <value>Whether it is the weight of a norm.</value>
    public bool IsNorm => Name.EndsWith("norm.weight", StringComparison.Ordinal);

    /// <value>Its shape.</value>
    public long[] Shape => [.. Dimensions.Select(dimension => dimension.Size)];

    /// <summary>The fields of config.json that disagree with a shape; all of them if the number of dimensions differs.</summary>
    public string ReasonsAgainst(IReadOnlyList<long> shape) => string.Join(
        ", ",
        Dimensions.Where((dimension, i) => shape.Count != Dimensions.Count || shape[i] != dimension.Size).Select(dimension => dimension.Field));
}

/// <summary>A size and its config field, for messages: <c>hidden_size 96</c>.</summary>
/// <param name="Size">The size, ≥ 1.</param>
/// <param name="Field">The field with its value.</param>
public readonly record struct Dimension(long Size, string Field);
