using Distil.Core.Errors;
using Distil.Core.Specification;
using Distil.Inference.Cuda;
using Distil.Inference.Engines;
using Distil.Inference.Matrices;

namespace Distil.Inference.CudaEngines;

/// <summary>Chooses what runs a student: a card if one can, else the CPU.</summary>
internal static class EngineChoice
{
    /// <summary>Opens a student's folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="options">How the engine computes, and where.</param>
    /// <param name="states">Number of sequences that will be remembered.</param>
    /// <returns>The engine, and why it is not a card; null if it is, or none was wanted.</returns>
    /// <exception cref="InvalidInputException">The student or an option cannot be used, or a card is asked for and cannot run it.</exception>
    internal static (IStudentEngine Engine, string? NoCard) Open(string folder, EngineOptions options, int states)
    {
        if (options.Device == ComputeDevice.Cpu)
        {
            return (StudentEngine.Open(folder, options), null);
        }

        var reason = options.NoCard ?? (options.Weights is not (WeightFormat.AsStored or WeightFormat.BFloat16)
            ? $"the weights are to be {options.Weights}; on a card they are bfloat16"
            : options.MaxRows > StepQueue.MaxRows ? $"a pass is to have {options.MaxRows} rows; on a card it has at most {StepQueue.MaxRows}"
            : CudaStudent.UnavailableReason(folder));
        var platform = reason is null ? options.Platform ?? CudaPlatform.Find(new(options.KernelFolder), standsInFor: null, out reason) : null;
        if (platform is not null)
        {
            try
            {
                return (Open(folder, platform, states), null);
            }
            catch (CudaKernelException failure)
            {
                reason = failure.Message;
            }
        }

        return options.Device == ComputeDevice.Auto
            ? (StudentEngine.Open(folder, options), reason)
            : throw new InvalidInputException($"the device is cuda, which cannot run {folder}: {reason}");
    }

    private static CudaEngine Open(string folder, CudaPlatform platform, int states)
    {
        var engine = CudaEngine.Open(folder, platform);
        try
        {
            var (needed, free) = (states * engine.StateBytes, platform.Card.MemoryFree());
            return needed <= free ? engine
                : throw new CudaKernelException($"the states of {states} texts take {needed} bytes, and {platform.Card.Name} has {free} left");
        }
        catch
        {
            engine.Dispose();
            throw;
        }
    }
}
