using static TorchSharp.torch;

namespace Distil.Trainer.Models;

/// <summary>Which positions of a padded batch count in losses and outputs.</summary>
internal static class PaddingMask
{
    /// <param name="counted">(B), int64: real tokens of each row, all of which count; or (B, S), float32: 1 at each position that counts.</param>
    /// <param name="sequence">S.</param>
    /// <param name="offset">0 to test the token itself; 1 if the token after it must be real too, which it is if a mask counts the position.</param>
    /// <returns>(B, S), float32: 1 at a position that counts, 0 at others.</returns>
    internal static Tensor Of(Tensor counted, long sequence, int offset = 0)
    {
        if (counted.dim() == 2)
        {
            return counted.alias();
        }

        using var positions = arange(offset, sequence + offset, ScalarType.Int64, counted.device);
        using var rows = counted.unsqueeze(-1);
        using var real = positions.lt(rows);
        return real.to(ScalarType.Float32);
    }
}
