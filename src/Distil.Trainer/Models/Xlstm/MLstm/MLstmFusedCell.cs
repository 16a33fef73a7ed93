using System.Collections.Concurrent;
using System.Numerics;
using Distil.Trainer.Kernels;
using Distil.Trainer.Kernels.Launching;
using Distil.Trainer.Models.Xlstm.Components;
using Distil.Trainer.Models.Xlstm.Kernels;
using static TorchSharp.torch;
using static TorchSharp.torch.autograd;
using static TorchSharp.torch.nn.functional;

namespace Distil.Trainer.Models.Xlstm.MLstm;

/// <summary>The mLSTM cell with its norm, skip and output gate, chunkwise on a GPU in bfloat16: products by cuBLAS, all between them by CUDA kernels.</summary>
/// <remarks>
/// Time and memory grow with S: a chunk costs L² scores, and from chunk to chunk goes a DH² state (TFLA, arXiv 2503.14376). Equal to <see cref="Plain"/>.
/// Gradients of the gates follow from those of q and k (there, section 3): a gate scales h as q, or k, does.
/// </remarks>
internal static class MLstmFusedCell
{
    /// <value>Up to this length a sequence is one chunk; longer ones have chunks of half of it. At DH 256 a chunk's scores then weigh as much as a state.</value>
    internal const int OneChunk = 512;

    private const int Warps = 8, BackwardBlocks = 528;

    private static readonly ConcurrentDictionary<(long HeadSize, int Chunk), CudaProgram> Programs = new();

    /// <summary>What goes into a cell: values, and its norm's weights. c, z and the result are (B, S, NH·DH).</summary>
    /// <param name="Q">bfloat16, (B, NH, P, DH), P the length rounded up by <see cref="Padded"/>; zeros past S.</param>
    /// <param name="K">As Q.</param>
    /// <param name="V">As Q.</param>
    /// <param name="Gates">Pre-activations, float32, (B, S, 2·NH): all i, then all f.</param>
    /// <param name="Convolved">c, bfloat16.</param>
    /// <param name="Gate">z, bfloat16; its rows may lie apart.</param>
    /// <param name="Norm">Weight w of the norm per head, float32, (NH·DH).</param>
    /// <param name="Skip">float32, (NH·DH).</param>
    internal sealed record Inputs(Tensor Q, Tensor K, Tensor V, Tensor Gates, Tensor Convolved, Tensor Gate, Tensor Norm, Tensor Skip);

    /// <summary>Whether it serves here.</summary>
    internal static bool Serves(Tensor x, long headSize)
    {
        const string name = "the mLSTM cell", cost = "a training step takes about twice as long";
        if (x.dtype != ScalarType.BFloat16) { return false; }
        return KernelSupport.Use(x, name, cost)
            && ((headSize % 32 == 0 && headSize <= 512) || KernelSupport.WarnOnce($"{name} runs as plain tensor operations: a head has {headSize} units, the kernel takes multiples of 32 up to 512; {cost}"));
    }

    /// <summary>Positions in a chunk of a sequence.</summary>
    internal static int ChunkOf(long length) => length > OneChunk ? OneChunk / 2 : (int)BitOperations.RoundUpToPowerOf2((ulong)Math.Max(32, length));

    /// <summary>A length rounded up to whole chunks.</summary>
    internal static long Padded(long length) => (length + ChunkOf(length) - 1) / ChunkOf(length) * ChunkOf(length);

    /// <returns>bfloat16, (B, S, NH·DH): what the projection down takes.</returns>
    internal static Tensor Forward(Inputs inputs)
    {
        var (q, k, v, gates, convolved, gate, norm, skip) = inputs;
        if (is_grad_enabled()) { return Function.apply(q, k, v, gates, convolved, gate, norm, skip); }

        using var scope = NewDisposeScope();
        return new MLstmFusedForward(inputs).Mixed.MoveToOuterDisposeScope();
    }

    /// <summary>The same in plain tensor operations and float32.</summary>
    internal static Tensor Plain(Inputs inputs)
    {
        using var scope = NewDisposeScope();
        var length = inputs.Gates.shape[1];
        var heads = inputs.Q.shape[1];
        Tensor Real(Tensor padded) => padded.narrow(2, 0, length).to(ScalarType.Float32);
        var gates = inputs.Gates.transpose(1, 2);                                                             // (B, 2·NH, S)
        var hidden = MLstmForm.Forward(Real(inputs.Q), Real(inputs.K), Real(inputs.V), gates.narrow(1, 0, heads), gates.narrow(1, heads, heads));
        var normed = Norms.Heads(hidden.transpose(1, 2), inputs.Norm);                                        // (B, S, I)
        return (addcmul(normed, inputs.Skip, inputs.Convolved.to(ScalarType.Float32), 1) * silu(inputs.Gate.to(ScalarType.Float32)))
            .to(inputs.Convolved.dtype).MoveToOuterDisposeScope();
    }

    /// <summary>The kernels for a head size and chunk.</summary>
    internal static CudaProgram Program(long headSize, int chunk) =>
        Programs.GetOrAdd((headSize, chunk), key => new("mlstm.cu", $"HEAD_SIZE={key.HeadSize}", $"CHUNK={key.Chunk}"));

    /// <summary>A warp a row.</summary>
    internal static LaunchShape WarpEach(long rows) => new((rows + Warps - 1) / Warps, 32 * Warps);

    /// <summary>Blocks that share the rows of a head, so that few partial sums of its weights' gradients remain.</summary>
    internal static LaunchShape HeadEach(long heads) => new(heads, 32 * Warps, GridY: (int)Math.Max(1, BackwardBlocks / heads));

    /// <summary>z itself where its rows follow each other at one distance, else a dense copy.</summary>
    internal static Tensor Rows(Tensor x) =>
        x.stride(2) == 1 && x.stride(1) % 2 == 0 && x.storage_offset() % 2 == 0 && (x.shape[0] == 1 || x.stride(0) == x.shape[1] * x.stride(1)) ? x : x.contiguous();

    private sealed class Function : SingleTensorFunction<Function>
    {
        public override string Name => nameof(MLstmFusedCell);

        public override Tensor forward(AutogradContext context, params object[] inputs)
        {
            using var scope = NewDisposeScope();
            var tensors = inputs.Cast<Tensor>().ToArray();
            var run = new MLstmFusedForward(new(tensors[0], tensors[1], tensors[2], tensors[3], tensors[4], tensors[5], tensors[6], tensors[7]));
            context.save_for_backward([.. tensors, .. run.Kept().Select(kept => kept.MoveToOuterDisposeScope())]);
            return run.Mixed.MoveToOuterDisposeScope();
        }

        public override List<Tensor> backward(AutogradContext context, Tensor gradient) => GradientScope.Run(8, () =>
        {
            var saved = context.get_saved_variables();
            var inputs = new Inputs(saved[0], saved[1], saved[2], saved[3], saved[4], saved[5], saved[6], saved[7]);
            return MLstmFusedBackward.Gradients(inputs, new MLstmFusedForward(inputs, saved[8..]), gradient);
        });
    }
}
