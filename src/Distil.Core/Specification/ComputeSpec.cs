using System.ComponentModel.DataAnnotations;

namespace Distil.Core.Specification;

/// <summary>The device, and how much runs in parallel.</summary>
public sealed record ComputeSpec
{
    /// <value>Maximum number of prepare or teach jobs at once, ≥ 1. Default 1.</value>
    [Range(1.0, double.PositiveInfinity)]
    public int TeachParallelism { get; init; } = 1;

    /// <value>GPUs of one machine on which a teach, train or evaluate job computes at once, ≥ 1. Training divides the micro-batches of each step among them, so
    /// training.gradientAccumulation must be at least as large; the result is the same up to the order of sums. A machine with fewer ends the job with an
    /// error. Default 1.</value>
    [Range(1.0, double.PositiveInfinity), AddedLater]
    public int GpusPerWorker { get; init; } = 1;

    /// <value>Trained weights, ≥ 0, from which on GPUs that train together divide the optimiser's state among them: each then has its part of AdamW's moments,
    /// and updates that part of the weights. The result is the same; a job that is asked to stop saves at the next of every 16 steps. Default: never, because it
    /// has not run on two cards yet (docs/scale.md).</value>
    [Range(0.0, double.PositiveInfinity), AddedLater]
    public long? ShardOptimizerFrom { get; init; }

    /// <value>How often a job is retried after a transient failure, ≥ 0. Default 3.</value>
    [Range(0.0, double.PositiveInfinity)]
    public int Retries { get; init; } = 3;

    /// <value>auto (CUDA if available), cpu or cuda. Default auto.</value>
    public ComputeDevice Device { get; init; } = ComputeDevice.Auto;
}

/// <summary>The processor that torch uses.</summary>
public enum ComputeDevice
{
    /// <summary>CUDA if available, else the CPU.</summary>
    Auto,

    /// <summary>The CPU.</summary>
    Cpu,

    /// <summary>A CUDA GPU; an error if there is none.</summary>
    Cuda,
}
