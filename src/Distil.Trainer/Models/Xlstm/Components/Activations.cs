using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Distil.Trainer.Models.Xlstm.Components;

/// <summary>Activations of the feed-forward network by the reference's names.</summary>
internal static class Activations
{
    private static readonly Dictionary<string, Func<Tensor, Tensor>> ByName = new()
    {
        ["gelu"] = x => gelu(x),
        ["relu"] = x => relu(x),
        ["relu^2"] = x => relu(x).square(),
        ["sigmoid"] = x => x.sigmoid(),
        ["swish"] = x => silu(x),
        ["selu"] = x => selu(x),
    };

    internal static Func<Tensor, Tensor> Of(string name) => ByName[name];
}
