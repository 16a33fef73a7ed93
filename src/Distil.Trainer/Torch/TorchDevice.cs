using Distil.Core.Errors;
using Distil.Core.Specification;
using static TorchSharp.torch;

namespace Distil.Trainer.Torch;

/// <summary>The torch device for a user's choice on this machine.</summary>
public static class TorchDevice
{
    /// <summary>Returns the device.</summary>
    /// <exception cref="InvalidInputException">CUDA was requested and is not available.</exception>
    public static Device Of(ComputeDevice choice) => choice switch
    {
        ComputeDevice.Cpu => CPU,
        ComputeDevice.Cuda when !cuda.is_available() => throw new InvalidInputException("device cuda: torch finds no CUDA GPU here; use cpu or auto"),
        ComputeDevice.Auto when !cuda.is_available() => CPU,
        _ => CUDA,
    };
}
