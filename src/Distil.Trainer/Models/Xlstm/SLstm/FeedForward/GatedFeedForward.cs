using Distil.Inference.Models;
using Distil.Trainer.Kernels;
using Distil.Trainer.Models.Xlstm.Components;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Distil.Trainer.Models.Xlstm.SLstm.FeedForward;

/// <summary>The feed-forward half of an sLSTM block: down(act(gate) · up); gate and up are the halves of one projection of the norm.</summary>
/// <param name="weights">Weights of the layer.</param>
/// <param name="form">Computes act(gate) · up.</param>
internal sealed class GatedFeedForward(FeedForwardWeights weights, Func<FeedForwardUpInputs, Tensor> form)
{
    /// <summary>Chooses the form of the up-projection.</summary>
    internal static Choice<Func<FeedForwardUpInputs, Tensor>> Choose(Backend backend, XlstmConfig config, ScalarType type)
    {
        var activation = Activations.Of(config.FeedForwardActivation);
        return backend.Choose<Func<FeedForwardUpInputs, Tensor>>(
            Operation.FeedForwardUp, type, inputs => Plain(inputs, activation, type),
            [new(Kernel.FeedForwardUpCuda, CudaGatedUp.Instance.Forward, () => CudaGatedUp.Limit(config))]);
    }

    /// <param name="x">The residual stream, float32, (B, S, D).</param>
    /// <param name="type">Element type of the result.</param>
    /// <returns>What is added to the stream, (B, S, D).</returns>
    internal Tensor Forward(Tensor x, ScalarType type)
    {
        using var scope = NewDisposeScope();
        return linear(form(new(x, weights.Norm, weights.Up)), weights.Down.to(type)).MoveToOuterDisposeScope();
    }

    /// <summary>The plain form of the up-projection.</summary>
    /// <param name="inputs">float32.</param>
    /// <param name="activation">Activation of the gate.</param>
    /// <param name="result">Element type of the result; nothing before it is rounded.</param>
    /// <returns>(B, S, F).</returns>
    internal static Tensor Plain(FeedForwardUpInputs inputs, Func<Tensor, Tensor> activation, ScalarType result)
    {
        using var scope = NewDisposeScope();
        var halves = linear(Norms.Layer(new(inputs.X, inputs.Norm), ScalarType.Float32), inputs.Up).chunk(2, -1);   // (B, S, F) each
        return (activation(halves[0]) * halves[1]).to(result).MoveToOuterDisposeScope();
    }
}

/// <summary>The weights of a gated feed-forward layer, float32.</summary>
/// <param name="Norm">Weight of its norm, (D).</param>
/// <param name="Up">(2·F, D): gate, then up.</param>
/// <param name="Down">(D, F).</param>
internal sealed record FeedForwardWeights(Tensor Norm, Tensor Up, Tensor Down);

/// <summary>The inputs of the up-projection, float32.</summary>
/// <param name="X">The residual stream, (B, S, D).</param>
/// <param name="Norm">The norm's weight, (D).</param>
/// <param name="Up">(2·F, D): gate, then up.</param>
internal sealed record FeedForwardUpInputs(Tensor X, Tensor Norm, Tensor Up);
