using Distil.Core.Models.Folders;
using Distil.Core.Safetensors;
using static TorchSharp.torch;

namespace Distil.Trainer.Safetensors;

/// <summary>Turns quantised weights into numbers.</summary>
internal static class Dequantization
{
    /// <summary>(values − zero point) · scale, in float32.</summary>
    /// <param name="values">(R, C), float32; changed.</param>
    /// <param name="scaling">Scales, zero points and the size of a block that shares one.</param>
    /// <param name="read">Reads a tensor in float32.</param>
    /// <returns>(R, C).</returns>
    internal static Tensor Scale(Tensor values, Scaling scaling, Func<StoredTensor, Tensor> read)
    {
        if (scaling.ZeroPoint is { } zeroPoint)
        {
            values.sub_(Spread(read(zeroPoint)));
        }

        return values.mul_(Spread(read(scaling.Scale)));

        // (1), (R), (R, 1) or (R / rows, C / columns) → a shape that broadcasts to (R, C).
        Tensor Spread(Tensor blocks)
        {
            var (rows, columns) = (values.shape[0], values.shape[1]);
            var table = blocks.numel() == 1 ? blocks.reshape(1, 1) : blocks.reshape(blocks.shape[0], -1);
            var spread = table.shape[0] == 1 ? table : table.repeat_interleave(scaling.Rows, 0).narrow(0, 0, rows);
            return spread.shape[1] == 1 ? spread : spread.repeat_interleave(scaling.Columns, 1).narrow(1, 0, columns);
        }
    }
}
