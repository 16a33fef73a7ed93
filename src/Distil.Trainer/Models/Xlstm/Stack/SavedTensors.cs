using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm.Stack;

/// <summary>Tensors that live from a forward pass to its backward pass; without one, as long as the dispose scope of the forward pass.</summary>
internal sealed class SavedTensors : IDisposable
{
    private readonly HashSet<Tensor> _all = new(ReferenceEqualityComparer.Instance);

    /// <summary>Saves a tensor of the present dispose scope by moving it to the scope around that.</summary>
    internal Tensor Keep(Tensor tensor) => _all.Add(tensor) ? tensor.MoveToOuterDisposeScope() : tensor;

    /// <inheritdoc cref="Keep(Tensor)"/>
    internal void Keep(params ReadOnlySpan<Tensor> tensors)
    {
        foreach (var tensor in tensors)
        {
            Keep(tensor);
        }
    }

    /// <summary>Moves all to the next outer dispose scope.</summary>
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
