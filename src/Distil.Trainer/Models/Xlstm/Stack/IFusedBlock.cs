using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm.Stack;

/// <summary>
/// A part of the stack, run forward on a GPU in bfloat16 by the constructor, with a backward pass of its own: torch's autograd takes some 0.1 ms of the host
/// for each function of this project, more than its kernels take on the GPU.
/// </summary>
internal interface IFusedBlock
{
    /// <value>The result, in the dispose scope around the constructor.</value>
    Tensor Output { get; }

    /// <value>What the backward pass needs.</value>
    SavedTensors Saved { get; }

    /// <summary>The backward pass: adds the gradients of the weights to theirs.</summary>
    /// <param name="gradient">Gradient of the output.</param>
    /// <returns>The gradient of the input, a new tensor.</returns>
    Tensor Backward(Tensor gradient);
}
