using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm.Components;

/// <summary>The inputs of a causal depthwise convolution.</summary>
/// <param name="X">(B, S, D); its rows may lie apart (a half of a wider tensor).</param>
/// <param name="Weight">float32, (D, 1, K), the newest position last.</param>
/// <param name="Bias">float32, (D).</param>
internal sealed record ConvolutionInputs(Tensor X, Tensor Weight, Tensor Bias);
