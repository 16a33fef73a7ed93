namespace Distil.Trainer.Kernels;

/// <summary>How an operation is computed.</summary>
internal enum Form
{
    /// <summary>By torch's tensor operations, on any device.</summary>
    Plain,

    /// <summary>By a kernel in C#.</summary>
    Cpu,

    /// <summary>By a kernel in CUDA C++.</summary>
    Cuda,
}
