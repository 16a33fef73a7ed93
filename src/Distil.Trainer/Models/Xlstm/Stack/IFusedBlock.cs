using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm.Stack;

/// <summary>
/// A part of the stack run forward on a GPU in bfloat16, and its way back written out: torch's autograd takes some 0.1 ms of the host for each function of ours,
/// more than its kernels take on the GPU.
/// </summary>
internal interface IFusedBlock
{
    /// <value>The result, in the scope of the pass's maker.</value>
    Tensor Output { get; }

    /// <value>What the way back needs.</value>
    SavedTensors Kept { get; }

    /// <summary>Adds the gradients of its weights to theirs.</summary>
    /// <param name="gradient">Of the output.</param>
    /// <returns>The gradient of the input, a new tensor.</returns>
    Tensor Back(Tensor gradient);
}
