using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm.Passes;

/// <summary>Two gates of the sLSTM fed from one input, a matrix each for every head: one product for both.</summary>
internal sealed class GatePair
{
    private readonly Tensor _first, _second, _both, _input;

    /// <param name="first">(NH, DH, DH), float32.</param>
    /// <param name="second">The same.</param>
    /// <param name="input">bfloat16, (B, S, D).</param>
    /// <param name="kept">Of the pass.</param>
    internal GatePair(Tensor first, Tensor second, Tensor input, KeptTensors kept)
    {
        (_first, _second, _input) = (first, second, input);
        _both = kept.Keep(cat([first, second], 1).to(ScalarType.BFloat16));                              // (NH, 2·DH, DH)
        Output = kept.Keep(ByHead(input).bmm(_both.transpose(1, 2)).view(first.shape[0], input.shape[0], input.shape[1], -1));
    }

    /// <value>(NH, B, S, 2·DH).</value>
    internal Tensor Output { get; }

    /// <summary>Adds the weights' gradients.</summary>
    /// <param name="gradient">(NH, B, S, 2·DH).</param>
    /// <returns>Of the input, (B, S, NH, DH), its heads apart in memory.</returns>
    internal Tensor Back(Tensor gradient)
    {
        var (size, rows) = (_first.shape[1], gradient.flatten(1, 2));                                    // (NH, B·S, 2·DH)
        var dBoth = rows.transpose(1, 2).bmm(ByHead(_input));                                            // (NH, 2·DH, DH)
        Gradients.Add(_first, dBoth.narrow(1, 0, size));
        Gradients.Add(_second, dBoth.narrow(1, size, size));
        return rows.bmm(_both).view(gradient.shape[0], gradient.shape[1], gradient.shape[2], size).permute(1, 2, 0, 3);
    }

    private Tensor ByHead(Tensor x) => x.view(-1, _first.shape[0], _first.shape[2]).transpose(0, 1);     // (NH, B·S, DH)
}
