using System.Collections.Concurrent;
using System.Numerics;
using Distil.Inference.Cuda;
using Distil.Inference.Models;
using Distil.Trainer.Kernels;
using Distil.Trainer.Kernels.Launching;
using Distil.Trainer.Torch;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm.MLstm.Cell;

/// <summary>
/// The mLSTM cell with its projections, norm, skip and output gate, chunkwise on a GPU in bfloat16: cuBLAS computes the products of chunks, CUDA kernels all
/// between them.
/// </summary>
/// <remarks>
/// Time and memory grow with S: a chunk costs L² scores, and each chunk passes a DH² state to the next (TFLA, arXiv 2503.14376). Equal to
/// <see cref="MLstmPlainCell"/>. A gate weighs pairs of positions as their score does: its gradient sums weight times gradient over
/// them (there, section 3), in float32 and, if sums of such sums nearly cancel, of the same products.
/// </remarks>
internal sealed class MLstmCudaCell : FusedOperation<MLstmCellInputs, MLstmCellSaved, Tensor>
{
    /// <value>
    /// Up to this length a sequence is one chunk; longer ones have chunks of half of it. At DH 256 a chunk's scores then take as much memory as a state.
    /// </value>
    internal const int OneChunk = 512;

    /// <value>Rows of scores whose columns a block of the backward kernel sums up, as in <c>mlstm.cu</c>; a chunk contains whole tiles.</value>
    internal const int Tile = 32;

    private const int Warps = 8, BackwardBlocks = 528;

    private static readonly ConcurrentDictionary<(long HeadSize, int Chunk), CudaProgram> Programs = new();
    private static readonly ConcurrentDictionary<(long HeadSize, long Block), CudaProgram> Projections = new();

    /// <value>The operation.</value>
    internal static MLstmCudaCell Instance { get; } = new();

    /// <summary>Chooses the cell's form for whole sequences.</summary>
    /// <param name="backend">What is available.</param>
    /// <param name="config">The student's shape.</param>
    /// <param name="type">Element type of c, x_m and z.</param>
    internal static Choice<Func<MLstmCellInputs, Tensor>> Choose(
        Backend backend, XlstmConfig config, ScalarType type) => backend.Choose<Func<MLstmCellInputs, Tensor>>(
        Operation.MLstmCell, type, inputs => MLstmPlainCell.Forward(inputs),
        [new(Kernel.MLstmCellCuda, Instance.Forward, () => Limit(config.MlstmInnerWidth / config.MlstmHeads, config.QkvBlockSize))]);

    /// <inheritdoc/>
    /// <param name="inputs">c, x_m and z bfloat16; rows of x_m and z may lie apart.</param>
    internal override (Tensor Outputs, MLstmCellSaved Saved) RunSaving(MLstmCellInputs inputs) => MLstmCudaForward.Run(inputs);

    /// <inheritdoc/>
    internal override MLstmCellInputs Gradients(MLstmCellSaved saved, Tensor gradients) => MLstmCudaBackward.Gradients(saved, gradients);

    /// <summary>Positions in a chunk of a sequence.</summary>
    internal static int ChunkOf(long length) => length > OneChunk ? OneChunk / 2 : (int)BitOperations.RoundUpToPowerOf2((ulong)Math.Max(32, length));

    /// <summary>A length rounded up to whole chunks.</summary>
    internal static long Padded(long length) => (length + ChunkOf(length) - 1) / ChunkOf(length) * ChunkOf(length);

    /// <summary>The cell's kernels for a head size and chunk.</summary>
    internal static CudaProgram Program(long headSize, int chunk) =>
        Programs.GetOrAdd((headSize, chunk), key => new("mlstm.cu", $"HEAD_SIZE={key.HeadSize}", $"CHUNK={key.Chunk}"));

    /// <summary>The projections' kernels for a head size and block.</summary>
    internal static CudaProgram Projection(long headSize, long block) =>
        Projections.GetOrAdd((headSize, block), key => new("headwise.cu", $"HEAD_SIZE={key.HeadSize}", $"BLOCK={key.Block}"));

    /// <summary>One warp for each row.</summary>
    internal static LaunchShape WarpEach(long rows) => new((rows + Warps - 1) / Warps, 32 * Warps);

    /// <summary>One block for each tile of rows.</summary>
    internal static LaunchShape TileEach(long rows) => new(rows / Tile, 32 * Warps);

    /// <summary>Blocks that share the rows of a head, so that few partial sums of its weights' gradients remain.</summary>
    internal static LaunchShape HeadEach(long heads) => new(heads, 32 * Warps, GridY: (int)Math.Max(1, BackwardBlocks / heads));

    /// <summary>Rows of bfloat16 that start at multiples of 16 bytes.</summary>
    internal static Tensor Rows(Tensor x) => TensorMemory.Rows(x, 8);

    /// <summary>Why the kernels do not support a cell's sizes; null if they do.</summary>
    /// <param name="size">DH.</param>
    /// <param name="block">Channels in a block of q, k and v.</param>
    private static string? Limit(long size, long block) =>
        size % 32 != 0 || size > 512 ? $"a head has {size} units; the kernel supports multiples of 32 up to 512"
        : block is not (16 or 32) ? $"q, k and v have blocks of {block}; the kernel supports 16 or 32"
        : null;
}
