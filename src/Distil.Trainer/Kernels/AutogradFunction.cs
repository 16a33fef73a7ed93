using Distil.Trainer.Torch;
using static TorchSharp.torch;
using static TorchSharp.torch.autograd;

namespace Distil.Trainer.Kernels;

/// <summary>The one function through which torch's autograd calls this project's operations.</summary>
internal sealed class AutogradFunction : MultiTensorFunction<AutogradFunction>
{
    private const string Operation = "operation", Inputs = "inputs";

    /// <inheritdoc/>
    public override string Name => nameof(AutogradFunction);

    /// <summary>Runs an operation's forward pass and records its backward pass. Outputs and saved tensors go to the present dispose scope.</summary>
    internal static List<Tensor> Apply(IAutogradOperation operation, IReadOnlyList<Tensor> inputs) => apply([operation, .. inputs]);

    /// <inheritdoc/>
    public override List<Tensor> forward(AutogradContext context, params object[] inputs)
    {
        using var scope = NewDisposeScope();
        var operation = (IAutogradOperation)inputs[0];
        Tensor[] tensors = [.. inputs.Skip(1).Cast<Tensor>()];
        var (outputs, saved) = operation.Forward(tensors);
        foreach (var made in outputs.Concat(saved).Except<Tensor>(tensors, ReferenceEqualityComparer.Instance))
        {
            made.MoveToOuterDisposeScope(); // torch takes them only after this function has returned
        }

        context.set_materialize_grads(false);
        context.save_data(Operation, operation);
        context.save_data(Inputs, inputs.Length);
        context.save_for_backward([.. saved]);
        return [.. outputs];
    }

    /// <inheritdoc/>
    public override List<Tensor> backward(AutogradContext context, List<Tensor> gradients) => GradientScope.Run((int)context.get_data(Inputs), gradients, () =>
        [null!, .. ((IAutogradOperation)context.get_data(Operation))
            .Backward(context.get_saved_variables(), [.. gradients.Select(gradient => gradient.IsInvalid ? null! : gradient)]).Select(gradient => gradient!)]);
}
