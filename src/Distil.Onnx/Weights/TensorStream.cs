using System.Runtime.InteropServices;
using Distil.Core.Specification;
using Distil.Inference.Matrices;
using Distil.Inference.Weights;

namespace Distil.Onnx.Weights;

/// <summary>Writes the values of a mapped tensor to a stream, a piece at a time.</summary>
internal static class TensorStream
{
    private const int Piece = 1 << 16;

    /// <summary>Writes them as float32.</summary>
    internal static void WriteFloats(MappedTensor tensor, Stream output) => Each(tensor, values => output.Write(MemoryMarshal.AsBytes(values)));

    /// <summary>Writes them rounded to bfloat16.</summary>
    internal static void WriteBFloat16(MappedTensor tensor, Stream output)
    {
        var rounded = new ushort[Piece];
        Each(tensor, values =>
        {
            for (var i = 0; i < values.Length; i++)
            {
                rounded[i] = BFloat16Format.Round(values[i]);
            }

            output.Write(MemoryMarshal.AsBytes(rounded.AsSpan(0, values.Length)));
        });
    }

    /// <summary>Writes them as integers, and returns the scales of the blocks.</summary>
    /// <param name="tensor">Rows of a multiple of 32 values.</param>
    /// <param name="codes">How a block is rounded.</param>
    /// <param name="scales">Receives a scale for each block.</param>
    /// <param name="output">Receives the codes.</param>
    internal static void WriteCodes(MappedTensor tensor, BlockCodes codes, float[] scales, Stream output)
    {
        var (bytes, next) = (new byte[Piece / Matrix.Block * codes.Bytes], 0);
        Each(tensor, values =>
        {
            var blocks = values.Length / Matrix.Block;
            for (var block = 0; block < blocks; block++)
            {
                scales[next++] = codes.Round(values.Slice(block * Matrix.Block, Matrix.Block), bytes.AsSpan(block * codes.Bytes, codes.Bytes));
            }

            output.Write(bytes.AsSpan(0, blocks * codes.Bytes));
        });
    }

    /// <summary>Writes the float32 values that remain of the weights in a form.</summary>
    internal static void WriteRounded(MappedTensor tensor, WeightForm form, Stream output)
    {
        var (codes, rounded) = (new BlockCodes(form.Bits), new float[Piece]);
        var bytes = new byte[codes.Bytes];
        Each(tensor, values =>
        {
            for (var i = 0; form == WeightForm.Bf16 && i < values.Length; i++)
            {
                rounded[i] = BitConverter.UInt32BitsToSingle((uint)BFloat16Format.Round(values[i]) << 16);
            }

            for (var i = 0; form is WeightForm.Int8 or WeightForm.Int4 && i < values.Length; i += Matrix.Block)
            {
                var scale = codes.Round(values.Slice(i, Matrix.Block), bytes);
                codes.Restore(bytes, scale, rounded.AsSpan(i, Matrix.Block));
            }

            output.Write(MemoryMarshal.AsBytes(form == WeightForm.Fp32 ? values : rounded.AsSpan(0, values.Length)));
        });
    }

    private static void Each(MappedTensor tensor, Action<ReadOnlySpan<float>> use)
    {
        var values = new float[Piece];
        for (var from = 0L; from < tensor.Count; from += Piece)
        {
            var piece = values.AsSpan(0, (int)Math.Min(Piece, tensor.Count - from));
            tensor.Read(from, piece);
            use(piece);
        }
    }
}
