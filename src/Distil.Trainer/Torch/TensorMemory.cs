using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Distil.Trainer.Torch;

/// <summary>Access to the memory of tensors, for this project's kernels.</summary>
internal static partial class TensorMemory
{
    /// <summary>Address of the first element of a float32 CPU tensor, at any offset in its storage. Valid while the tensor lives.</summary>
    internal static nint Floats(Tensor tensor)
    {
        if (tensor.dtype != ScalarType.Float32 || tensor.device_type != DeviceType.CPU)
        {
            throw new ArgumentException($"A kernel needs float32 on the CPU, got {tensor.dtype} on {tensor.device}.", nameof(tensor));
        }

        return Address(tensor);
    }

    /// <summary>Address of the first element, on the tensor's own device. Valid while the tensor lives.</summary>
    internal static nint Address(Tensor tensor) => DataPointer(tensor.Handle);

    /// <summary>Returns the tensor itself if it is dense, else a dense copy.</summary>
    internal static Tensor Dense(Tensor tensor) => tensor.is_contiguous() ? tensor : tensor.contiguous();

    /// <summary>(B, S, D): returns the tensor itself if its rows are equally spaced and start at multiples of that many elements, else a dense copy.</summary>
    internal static Tensor Rows(Tensor tensor, int multiple) =>
        tensor.stride(2) == 1 && tensor.stride(1) % multiple == 0 && tensor.storage_offset() % multiple == 0
        && (tensor.size(0) == 1 || tensor.stride(0) == tensor.size(1) * tensor.stride(1)) ? tensor : tensor.contiguous();

    [LibraryImport("LibTorchSharp", EntryPoint = "THSTensor_data")]
    private static partial nint DataPointer(nint tensor);
}
