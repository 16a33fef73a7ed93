namespace Distil.Core.Models.Folders;

/// <summary>A weight that a model consists of.</summary>
/// <param name="Name">Its name on disk.</param>
/// <param name="Dimensions">Its shape, with the fields of config.json that determine it.</param>
public sealed record ModelTensor(string Name, IReadOnlyList<Dimension> Dimensions)
{
    /// <value>The rows of another tensor on disk that it is; null if it has its own.</value>
    public FusedRows? Fused { get; init; }

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

/// <summary>Rows of a tensor on disk that is several weights, one behind the other.</summary>
/// <param name="Name">The tensor's name.</param>
/// <param name="First">The first row.</param>
/// <param name="Rows">Rows of the whole tensor.</param>
public sealed record FusedRows(string Name, long First, Dimension Rows);
