namespace Distil.Inference.Cuda;

/// <summary>CUDA refused to compile, load or launch a kernel; the message names the kernel and its launch shape.</summary>
public sealed class CudaKernelException(string message) : Exception(message);
