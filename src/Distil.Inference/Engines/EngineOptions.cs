using Distil.Core.Errors;
using Distil.Inference.Matrices;

namespace Distil.Inference.Engines;

/// <summary>How an engine computes.</summary>
public sealed record EngineOptions
{
    /// <value>Format of the large matrices in memory. Default: as in the file, without a copy.</value>
    public WeightFormat Weights { get; init; } = WeightFormat.AsStored;

    /// <value>Number of threads, ≥ 1. Default: one for each processor.</value>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <value>Maximum number of tokens in one pass, over all sequences, ≥ 1. Default 64.</value>
    public int MaxRows { get; init; } = 64;

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="InvalidInputException">An option is out of its range.</exception>
    internal void Validate()
    {
        Require(Threads, "threads");
        Require(MaxRows, "rows of a pass");
    }

    private static void Require(int value, string option)
    {
        if (value < 1)
        {
            throw new InvalidInputException($"{option} is {value}; expected 1 or more");
        }
    }
}
