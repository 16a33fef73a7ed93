using Distil.Trainer.Kernels.Launching;
using Distil.Trainer.Models;
using static TorchSharp.torch;

namespace Distil.Trainer.Training.Optimizers;

/// <summary>AdamW's step as CUDA kernels: the gradients' norm in two, clipping and update in one. Equal to <see cref="AdamW"/>'s tensor operations.</summary>
/// <remarks>The parameters become views of the weights' buffer, and gradients are read in place: a step copies nothing.</remarks>
internal sealed class CudaAdamW : IDisposable
{
    private const int Threads = 256;

    private static readonly CudaProgram Program = new("adamw.cu");

    private readonly GradientTable _table;
    private readonly Tensor _partial;
    private readonly Tensor? _factors;

    /// <summary>Moves the parameters into the buffer.</summary>
    /// <param name="parameters">On a GPU, float32.</param>
    /// <param name="layout">Layout of the parameters.</param>
    /// <param name="weights">Their values.</param>
    /// <param name="factors">What the learning rate of each parameter is multiplied by, in their order; null for 1 of all.</param>
    internal CudaAdamW(IReadOnlyList<NamedParameter> parameters, FlatLayout layout, FlatBuffer weights, float[]? factors)
    {
        using var noGradient = no_grad();
        _table = new(layout, weights.All.device);
        _partial = empty(_table.Count, ScalarType.Float32, weights.All.device).DetachFromDisposeScope();
        _factors = factors is null ? null : tensor(factors, device: weights.All.device).DetachFromDisposeScope();
        foreach (var (i, parameter) in parameters.Index())
        {
            parameter.Value.set_(weights.Views[i].Value);
        }
    }

    /// <summary>Updates weights, moments and parameters without waiting.</summary>
    /// <param name="gradients">Gradients of the parameters, in their order.</param>
    /// <param name="weights">And the moments: of the layout.</param>
    /// <param name="mean">Moving average of the gradients.</param>
    /// <param name="square">Moving average of the squared gradients.</param>
    /// <param name="step">The optimiser's constants at this step.</param>
    /// <param name="shards">Whose parameters these are, if other processes have others; null if they are all.</param>
    /// <returns>The norm of all gradients before clipping, 0-d float32.</returns>
    internal Tensor Step(
        IReadOnlyList<Tensor> gradients, FlatBuffer weights, FlatBuffer mean, FlatBuffer square, StepConstants step, OptimizerShards? shards)
    {
        using var scope = NewDisposeScope();
        _table.Point(gradients);
        var norm = empty([], ScalarType.Float32, weights.All.device);
        Program["squares_of_gradients"].Launch(new(_table.Count, Threads), _table.Parts, _table.Addresses, _partial);
        var partial = shards?.Join(_partial, GradientTable.BlocksOf) ?? _partial;
        Program["norm_of_squares"].Launch(new(1, Threads), partial, (int)partial.numel(), norm);
        Program["adamw"].Launch(
            new(_table.Count, Threads), _table.Parts, _table.Addresses, weights.All, mean.All, square.All, norm,
            (float)step.MaximumNorm, (float)step.LearningRate, (float)step.Beta1, (float)step.Beta2, (float)step.Epsilon, (float)step.WeightDecay,
            (float)step.Correction1, (float)step.Correction2, _factors);
        return norm.MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        _table.Dispose();
        _partial.Dispose();
        _factors?.Dispose();
    }

    /// <summary>AdamW's constants at one step; the corrections are 1 − βᵏ.</summary>
    internal readonly record struct StepConstants(
        double MaximumNorm, double LearningRate, double Beta1, double Beta2, double Epsilon, double WeightDecay, double Correction1, double Correction2);
}
