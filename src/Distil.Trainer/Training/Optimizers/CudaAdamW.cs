using Distil.Trainer.Kernels;
using Distil.Trainer.Kernels.Launching;
using Distil.Trainer.Models;
using static TorchSharp.torch;

namespace Distil.Trainer.Training.Optimizers;

/// <summary>AdamW's step as CUDA kernels over flat buffers: the gradient's norm in two, clipping and update in one. Equal to <see cref="AdamW"/>'s tensor operations.</summary>
/// <remarks>
/// The parameters are moved into the buffers: a float32 one becomes a view of the weights, a bfloat16 one of the bfloat16 copy that the update
/// writes beside them. A step then copies nothing.
/// </remarks>
internal sealed class CudaAdamW : IDisposable
{
    private const int Threads = 256, Blocks = 1056; // several to a multiprocessor of any card

    private static readonly CudaProgram Program = new("adamw.cu");

    private readonly FlatLayout _layout;
    private readonly Tensor _half;
    private readonly Tensor _partial;

    /// <summary>Takes the parameters in.</summary>
    /// <param name="parameters">On a GPU, in bfloat16 or float32.</param>
    /// <param name="layout">Of the parameters.</param>
    /// <param name="weights">Their float32 values.</param>
    internal CudaAdamW(IReadOnlyList<NamedParameter> parameters, FlatLayout layout, FlatBuffer weights)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        _layout = layout;
        _half = weights.All.narrow(0, 0, layout.HalfLength).to(ScalarType.BFloat16).DetachFromDisposeScope();
        _partial = empty(2 * Blocks, ScalarType.Float32, weights.All.device).DetachFromDisposeScope();
        foreach (var (i, parameter) in parameters.Index())
            parameter.Value.set_(FlatLayout.IsHalf(parameter) ? layout.View(_half, i) : weights.Views[i].Value);
    }

    /// <summary>Whether it serves these parameters.</summary>
    internal static bool Serves(IReadOnlyList<NamedParameter> parameters) =>
        parameters.All(parameter => parameter.Value.dtype is ScalarType.BFloat16 or ScalarType.Float32)
        && KernelSupport.Use(parameters[0].Value, "AdamW", "an optimiser step takes about 5 times as long");

    /// <summary>Brings the bfloat16 parameters up to weights that were changed otherwise.</summary>
    internal void Follow(FlatBuffer weights)
    {
        using var scope = NewDisposeScope();
        _half.copy_(weights.All.narrow(0, 0, _layout.HalfLength));
    }

    /// <summary>Updates weights, moments and parameters; does not wait.</summary>
    /// <param name="gradient">As <see cref="FlatLayout.Join"/> gives it.</param>
    /// <param name="weights">And the moments: of the layout.</param>
    /// <param name="mean">Of the gradients.</param>
    /// <param name="square">Of the squared gradients.</param>
    /// <param name="step">The optimiser's constants at this step.</param>
    /// <returns>The gradient's norm before clipping, 0-d float32.</returns>
    internal Tensor Step((Tensor? Half, Tensor? Single) gradient, FlatBuffer weights, FlatBuffer mean, FlatBuffer square, StepConstants step)
    {
        using var scope = NewDisposeScope();
        var parts = new[] { (gradient.Half, Suffix: "bf16", Start: 0L), (gradient.Single, Suffix: "float", Start: _layout.HalfLength) };
        var norm = empty([], ScalarType.Float32, weights.All.device);
        _partial.zero_();
        foreach (var (i, (part, suffix, _)) in parts.Index())
        {
            if (part is not null)
                Program[$"squares_{suffix}"].Launch(new(Blocks, Threads), part, part.numel() / 4, _partial.narrow(0, i * Blocks, Blocks));
        }

        Program["norm_of_squares"].Launch(new(1, Threads), _partial, 2 * Blocks, norm);
        foreach (var (part, suffix, start) in parts)
        {
            if (part is null)
                continue;
            Tensor Of(FlatBuffer buffer) => buffer.All.narrow(0, start, part.numel());
            Program[$"adamw_{suffix}"].Launch(
                new(Blocks, Threads), Of(weights), part, Of(mean), Of(square), start == 0 && _layout.HalfLength > 0 ? _half : null, norm, part.numel() / 4,
                (float)step.MaximumNorm, (float)step.LearningRate, (float)step.Beta1, (float)step.Beta2, (float)step.Epsilon, (float)step.WeightDecay,
                (float)step.Correction1, (float)step.Correction2);
        }

        return norm.MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        _half.Dispose();
        _partial.Dispose();
    }

    /// <summary>AdamW's numbers at one step; the corrections are 1 − βᵏ.</summary>
    internal readonly record struct StepConstants(
        double MaximumNorm, double LearningRate, double Beta1, double Beta2, double Epsilon, double WeightDecay, double Correction1, double Correction2);
}
