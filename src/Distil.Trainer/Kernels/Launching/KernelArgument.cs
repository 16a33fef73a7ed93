using Distil.Trainer.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Distil.Trainer.Kernels.Launching;

/// <summary>One argument of a kernel, as the 8 bytes that the driver reads.</summary>
internal readonly struct KernelArgument
{
    private readonly long _bits;

    private KernelArgument(long bits) => _bits = bits;

    internal long Bits => _bits;

    /// <summary>The address of a dense CUDA tensor's first element, or 0 for null.</summary>
    /// <exception cref="ArgumentException">The tensor is not dense or not on a GPU: the kernel would read other memory.</exception>
    public static implicit operator KernelArgument(Tensor? tensor)
    {
        if (tensor is null)
        {
            return default;
        }
        if (!tensor.is_contiguous())
        {
            throw new ArgumentException($"A kernel got a tensor [{string.Join(", ", tensor.shape)}] that is not dense.");
        }

        return Strided(tensor);
    }

    public static implicit operator KernelArgument(int value) => new((uint)value);

    public static implicit operator KernelArgument(long value) => new(value);

    public static implicit operator KernelArgument(float value) => new(BitConverter.SingleToUInt32Bits(value));

    /// <summary>The address of a CUDA tensor that may have gaps, whose strides the kernel receives as well.</summary>
    internal static KernelArgument Strided(Tensor tensor) => tensor.device_type == DeviceType.CUDA
        ? new(TensorMemory.Address(tensor))
        : throw new ArgumentException($"A CUDA kernel got a tensor on {tensor.device}.");
}
