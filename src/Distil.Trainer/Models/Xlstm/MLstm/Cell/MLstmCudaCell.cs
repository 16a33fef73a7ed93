using System.Collections.Concurrent;
using System.Numerics;
using Distil.Trainer.Kernels;
using Distil.Trainer.Kernels.Launching;
using Distil.Trainer.Torch;
using static TorchSharp.torch;
using static TorchSharp.torch.autograd;

namespace Distil.Trainer.Models.Xlstm.MLstm.Cell;

/// <summary>
/// The mLSTM cell with its projections, norm, skip and output gate, chunkwise on a GPU in bfloat16: products of chunks by cuBLAS, all between them by CUDA kernels.
/// </summary>
/// <remarks>
/// Time and memory grow with S: a chunk costs L² scores, and from chunk to chunk goes a DH² state (TFLA, arXiv 2503.14376). Equal to
/// <see cref="MLstmPlainCell"/>. A gate weighs pairs of positions as their score does: its gradient sums weight times gradient over
/// them (there, section 3), in float32 and, where sums of such sums nearly cancel, of the same products.
/// </remarks>
internal static class MLstmCudaCell
{
    /// <value>Up to this length a sequence is one chunk; longer ones have chunks of half of it. At DH 256 a chunk's scores then weigh as much as a state.</value>
    internal const int OneChunk = 512;

    /// <value>Rows of scores whose columns a block of the backward kernel sums up, as in <c>mlstm.cu</c>; a chunk has whole ones.</value>
    internal const int Tile = 32;

    private const int Warps = 8, BackwardBlocks = 528;

    private static readonly ConcurrentDictionary<(long HeadSize, int Chunk), CudaProgram> Programs = new();
    private static readonly ConcurrentDictionary<(long HeadSize, long Block), CudaProgram> Projections = new();

    /// <summary>Whether it serves here; where it does not, a warning says why, once.</summary>
    internal static bool Serves(MLstmCellInputs inputs)
    {
        const string name = "the mLSTM cell", cost = "a training step takes about twice as long";
        if (inputs.Convolved.dtype != ScalarType.BFloat16)
        {
            return false;
        }

        var (size, block) = (inputs.Width / inputs.Heads, inputs.Query.size(1));
        bool Or(bool holds, string what) => holds || CudaRuntime.WarnOnce($"{name} runs as plain tensor operations: {what}; {cost}");
        return CudaRuntime.Use(inputs.Convolved, name, cost)
            && Or(size % 32 == 0 && size <= 512, $"a head has {size} units, the kernel takes multiples of 32 up to 512")
            && Or(block is 16 or 32, $"q, k and v have blocks of {block}, the kernel takes 16 or 32");
    }

    /// <summary>Positions in a chunk of a sequence.</summary>
    internal static int ChunkOf(long length) => length > OneChunk ? OneChunk / 2 : (int)BitOperations.RoundUpToPowerOf2((ulong)Math.Max(32, length));

    /// <summary>A length rounded up to whole chunks.</summary>
    internal static long Padded(long length) => (length + ChunkOf(length) - 1) / ChunkOf(length) * ChunkOf(length);

    /// <param name="inputs">c, x_m and z bfloat16; rows of x_m and z may lie apart.</param>
    /// <returns>bfloat16, (B, S, I): what the projection down takes.</returns>
    internal static Tensor Forward(MLstmCellInputs inputs)
    {
        if (is_grad_enabled())
        {
            return Function.apply([.. inputs.All()]);
        }

        using var scope = NewDisposeScope();
        return new MLstmCudaForward(inputs).Mixed.MoveToOuterDisposeScope();
    }

    /// <summary>The cell's kernels for a head size and chunk.</summary>
    internal static CudaProgram Program(long headSize, int chunk) =>
        Programs.GetOrAdd((headSize, chunk), key => new("mlstm.cu", $"HEAD_SIZE={key.HeadSize}", $"CHUNK={key.Chunk}"));

    /// <summary>The projections' kernels for a head size and block.</summary>
    internal static CudaProgram Projection(long headSize, long block) =>
        Projections.GetOrAdd((headSize, block), key => new("headwise.cu", $"HEAD_SIZE={key.HeadSize}", $"BLOCK={key.Block}"));

    /// <summary>A warp a row.</summary>
    internal static LaunchShape WarpEach(long rows) => new((rows + Warps - 1) / Warps, 32 * Warps);

    /// <summary>A block a tile of rows.</summary>
    internal static LaunchShape TileEach(long rows) => new(rows / Tile, 32 * Warps);

    /// <summary>Blocks that share the rows of a head, so that few partial sums of its weights' gradients remain.</summary>
    internal static LaunchShape HeadEach(long heads) => new(heads, 32 * Warps, GridY: (int)Math.Max(1, BackwardBlocks / heads));

    /// <summary>Rows of bfloat16 that start at 16 bytes.</summary>
    internal static Tensor Rows(Tensor x) => TensorMemory.Rows(x, 8);

    private sealed class Function : SingleTensorFunction<Function>
    {
        public override string Name => nameof(MLstmCudaCell);

        public override Tensor forward(AutogradContext context, params object[] inputs)
        {
            using var scope = NewDisposeScope();
            var tensors = inputs.Cast<Tensor>().ToArray();
            var run = new MLstmCudaForward(MLstmCellInputs.Of(tensors));
            context.set_materialize_grads(false);
            context.save_for_backward([.. tensors, .. run.Kept().Select(kept => kept.MoveToOuterDisposeScope())]);
            return run.Mixed.MoveToOuterDisposeScope();
        }

        public override List<Tensor> backward(AutogradContext context, Tensor gradient) => GradientScope.Run(MLstmCellInputs.Count, gradient, () =>
        {
            var saved = context.get_saved_variables();
            var inputs = MLstmCellInputs.Of(saved);
            return MLstmCudaBackward.Gradients(inputs, new MLstmCudaForward(inputs, saved.Skip(MLstmCellInputs.Count)), gradient);
        });
    }
}
