using Distil.Trainer.Models.Xlstm.Stack;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Linearised.Fused;

/// <summary>A block that keeps only its input: its backward pass runs the forward pass once more.</summary>
internal sealed class RecomputedBlock : IFusedBlock
{
    private readonly Func<Tensor, IFusedBlock> _run;
    private readonly Tensor _input;

    /// <param name="run">Runs the block.</param>
    /// <param name="x">Its input.</param>
    internal RecomputedBlock(Func<Tensor, IFusedBlock> run, Tensor x)
    {
        using var scope = NewDisposeScope();
        (_run, _input) = (run, x.alias());
        var block = run(x);
        block.Saved.Dispose();
        Output = block.Output.MoveToOuterDisposeScope();
        Saved.Keep(_input);
    }

    /// <inheritdoc/>
    public Tensor Output { get; }

    /// <inheritdoc/>
    public SavedTensors Saved { get; } = new();

    /// <inheritdoc/>
    public Tensor Backward(Tensor gradient)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var block = _run(_input);
        block.Output.Dispose();
        var ofInput = block.Backward(gradient).MoveToOuterDisposeScope();
        block.Saved.Dispose();
        return ofInput;
    }
}
