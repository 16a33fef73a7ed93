using static TorchSharp.torch;

namespace Distil.Trainer.Kernels;

/// <summary>A forward and a backward pass that <see cref="AutogradFunction"/> makes a node of torch's graph.</summary>
internal interface IAutogradOperation
{
    /// <summary>The forward pass.</summary>
    /// <param name="inputs">As given to <see cref="AutogradFunction.Apply"/>.</param>
    /// <returns>The outputs, and the tensors that <see cref="Backward"/> needs.</returns>
    (IReadOnlyList<Tensor> Outputs, IReadOnlyList<Tensor> Saved) Forward(IReadOnlyList<Tensor> inputs);

    /// <summary>The backward pass.</summary>
    /// <param name="saved">From <see cref="Forward"/>.</param>
    /// <param name="gradients">Gradients of the outputs; null of one that was not used.</param>
    /// <returns>Gradients of the inputs, in their order; null for an input without one.</returns>
    IReadOnlyList<Tensor?> Backward(IReadOnlyList<Tensor> saved, IReadOnlyList<Tensor> gradients);
}
