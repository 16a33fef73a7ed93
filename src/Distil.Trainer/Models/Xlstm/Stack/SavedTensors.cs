using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm.Stack;

/// <summary>Tensors that live from a forward pass to its backward pass or, if there is none, as long as the scope in which the forward pass ran.</summary>
internal sealed class SavedTensors : IDisposable
{
    private readonly HashSet<Tensor> _all = new(ReferenceEqualityComparer.Instance);

    /// <summary>Moves a tensor of the present scope to the enclosing scope.</summary>
    internal Tensor Keep(Tensor tensor) => _all.Add(tensor) ? tensor.MoveToOuterDisposeScope() : tensor;

    /// <inheritdoc cref="Keep(Tensor)"/>
    internal void Keep(params ReadOnlySpan<Tensor> tensors)
    {
        foreach (var tensor in tensors)
        {
            Keep(tensor);
        }
    }

    /// <summary>Moves all tensors to the scope around the present one.</summary>
    internal void MoveToOuterDisposeScope()
    {
        foreach (var tensor in _all)
        {
            tensor.MoveToOuterDisposeScope();
        }
    }

    public void Dispose()
    {
        foreach (var tensor in _all)
        {
            tensor.Dispose();
        }
    }
}
