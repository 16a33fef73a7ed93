using Distil.Trainer.Torch;
using static TorchSharp.torch;

namespace Distil.Trainer.Kernels;

/// <summary>
/// An operation with a forward and a backward pass of this project: kernels instead of the many operations that torch would record. Each type is a tensor or a
/// record of tensors.
/// </summary>
/// <typeparam name="TInputs">The inputs; their gradients have the same type.</typeparam>
/// <typeparam name="TSaved">What the backward pass needs of the forward pass, inputs included.</typeparam>
/// <typeparam name="TOutputs">The outputs; their gradients have the same type.</typeparam>
internal abstract class FusedOperation<TInputs, TSaved, TOutputs> : IAutogradOperation
    where TInputs : class
    where TSaved : class
    where TOutputs : class
{
    /// <summary>The forward pass; autograd records it if gradients are enabled.</summary>
    internal TOutputs Forward(TInputs inputs)
    {
        using var scope = NewDisposeScope();
        var outputs = is_grad_enabled() ? TensorRecord.Build<TOutputs>(AutogradFunction.Apply(this, TensorRecord.Flatten(inputs))) : Run(inputs);
        foreach (var output in TensorRecord.Flatten(outputs))
        {
            output.MoveToOuterDisposeScope();
        }

        return outputs;
    }

    /// <summary>The forward pass alone. All tensors that it makes are in the present dispose scope.</summary>
    internal virtual TOutputs Run(TInputs inputs) => RunSaving(inputs).Outputs;

    /// <summary>As <see cref="Run"/>, with what <see cref="Gradients"/> needs.</summary>
    internal abstract (TOutputs Outputs, TSaved Saved) RunSaving(TInputs inputs);

    /// <summary>The backward pass.</summary>
    /// <param name="saved">From <see cref="RunSaving"/>.</param>
    /// <param name="gradients">Gradients of the outputs.</param>
    /// <returns>Gradients of the inputs.</returns>
    internal abstract TInputs Gradients(TSaved saved, TOutputs gradients);

    /// <inheritdoc/>
    (IReadOnlyList<Tensor> Outputs, IReadOnlyList<Tensor> Saved) IAutogradOperation.Forward(IReadOnlyList<Tensor> inputs)
    {
        var (outputs, saved) = RunSaving(TensorRecord.Build<TInputs>(inputs));
        return (TensorRecord.Flatten(outputs), TensorRecord.Flatten(saved));
    }

    /// <inheritdoc/>
    IReadOnlyList<Tensor?> IAutogradOperation.Backward(IReadOnlyList<Tensor> saved, IReadOnlyList<Tensor> gradients) =>
        TensorRecord.Flatten(Gradients(TensorRecord.Build<TSaved>(saved), TensorRecord.Build<TOutputs>(gradients)));
}
