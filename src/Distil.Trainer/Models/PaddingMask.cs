using static TorchSharp.torch;

namespace Distil.Trainer.Models;

/// <summary>Which positions of a padded batch are text.</summary>
internal static class PaddingMask
{
    /// <param name="lengths">(B), int64: real tokens of each row.</param>
    /// <param name="sequence">S.</param>
    /// <param name="offset">0 to test the token itself; 1 if the token after it must be real too.</param>
    /// <returns>(B, S), float32: 1 at a real position, 0 at padding.</returns>
    internal static Tensor Of(Tensor lengths, long sequence, int offset = 0)
    {
        using var positions = arange(offset, sequence + offset, ScalarType.Int64, lengths.device);
        using var rows = lengths.unsqueeze(-1);
        using var real = positions.lt(rows);
        return real.to(ScalarType.Float32);
    }
}
