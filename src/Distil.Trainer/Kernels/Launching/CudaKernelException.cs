namespace Distil.Trainer.Kernels.Launching;

/// <summary>CUDA refused to compile, load or launch a kernel; the message names it and how it was launched.</summary>
public sealed class CudaKernelException(string message) : Exception(message);
