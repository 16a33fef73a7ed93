using Distil.Core.Errors;
using Distil.Core.Specification;
using Distil.Inference.Cuda;
using Distil.Inference.Matrices;

namespace Distil.Inference.Engines;

/// <summary>How an engine computes.</summary>
public sealed record EngineOptions
{
    /// <value>Format of the large matrices in memory. Default: as in the file, without a copy.</value>
    public WeightFormat Weights { get; init; } = WeightFormat.AsStored;

    /// <value>Where students are run if the engine is chosen for them: auto (default) is an NVIDIA card if one can run the
    /// student, else the CPU. <see cref="StudentEngine"/> itself is the CPU.</value>
    public ComputeDevice Device { get; init; } = ComputeDevice.Auto;

    /// <value>Folder in which kernels that were compiled for a card are kept. Default: in the user's cache.</value>
    public string KernelFolder { get; init; } = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "distil", "kernels");

    /// <value>The card to run on, if its owner knows it; null to find one.</value>
    internal CudaPlatform? Platform { get; init; }

    /// <value>Why no card is to be used, if its owner knows; null otherwise.</value>
    internal string? NoCard { get; init; }

    /// <value>Number of threads, ≥ 1. Default: one for each processor.</value>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <value>Maximum number of tokens in one pass, over all sequences, ≥ 1; on a card at most 64. Default 64.</value>
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
