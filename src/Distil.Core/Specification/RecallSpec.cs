using System.ComponentModel.DataAnnotations;

namespace Distil.Core.Specification;

/// <summary>Associative recall and copying: sequences of random tokens that no text holds, at growing lengths.</summary>
public sealed record RecallSpec
{
    /// <value>Tokens of a sequence, each ≥ 8; an empty list measures nothing. Default: 16, 32, 64 and so on up to the dataset's contextLength.</value>
    [Range(8.0, double.PositiveInfinity)]
    public IReadOnlyList<int>? Lengths { get; init; }

    /// <value>Sequences of each length, ≥ 2. Default 32.</value>
    [Range(2.0, double.PositiveInfinity)]
    public int Sequences { get; init; } = 32;
}
