using System.ComponentModel.DataAnnotations;

namespace Distil.Core.Specification;

/// <summary>Associative recall and copying: sequences of random tokens, unlike any text, at growing lengths.</summary>
public sealed record RecallSpec
{
    /// <value>Lengths of the sequences in tokens, each ≥ 8; with an empty list nothing is measured. Default: 16, 32, 64 and so on up to the dataset's
    /// contextLength.</value>
    [Range(8.0, double.PositiveInfinity)]
    public IReadOnlyList<int>? Lengths { get; init; }

    /// <value>Number of sequences of each length, ≥ 2. Default 32.</value>
    [Range(2.0, double.PositiveInfinity)]
    public int Sequences { get; init; } = 32;
}
