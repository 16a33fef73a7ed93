using static TorchSharp.torch;

namespace Distil.Trainer.Ranks;

/// <summary>Makes processes train the same student.</summary>
internal static class SharedStart
{
    /// <summary>Makes all processes start from the bits of process 0, whatever their GPUs draw.</summary>
    /// <param name="ranks">The processes.</param>
    /// <param name="parameters">The student's trainable parameters, overwritten.</param>
    internal static void ShareStart(this IRankGroup ranks, IEnumerable<Tensor> parameters)
    {
        using var frozen = no_grad();
        foreach (var parameter in parameters)
        {
            ranks.Broadcast([0], [parameter]);
        }
    }
}
