using System.ComponentModel.DataAnnotations;

namespace Distil.Core.Specification;

/// <summary>Where and how widely it runs.</summary>
public sealed record ComputeSpec
{
    /// <value>Most prepare or teach jobs at once, ≥ 1. Default 1.</value>
    [Range(1.0, double.PositiveInfinity)]
    public int TeachParallelism { get; init; } = 1;

    /// <value>Times that a job is tried again after a failure that may pass, ≥ 0. Default 3.</value>
    [Range(0.0, double.PositiveInfinity)]
    public int Retries { get; init; } = 3;

    /// <value>auto (CUDA where present), cpu or cuda. Default auto.</value>
    public ComputeDevice Device { get; init; } = ComputeDevice.Auto;
}

/// <summary>The processor that torch uses.</summary>
public enum ComputeDevice
{
    /// <summary>CUDA where present, else the CPU.</summary>
    Auto,

    /// <summary>The CPU.</summary>
    Cpu,

    /// <summary>A CUDA GPU; an error where there is none.</summary>
    Cuda,
}
