using Distil.Inference.Cuda;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm.MLstm.Cell;

/// <summary>Sizes of the arrays of <see cref="MLstmCudaCell"/>.</summary>
internal sealed class MLstmCudaShape(MLstmCellInputs inputs)
{
    internal long Batch { get; } = inputs.Batch;

    internal long Heads { get; } = inputs.Heads;

    internal long Length { get; } = inputs.Length;

    /// <value>DH.</value>
    internal long Size { get; } = inputs.Width / inputs.Heads;

    /// <value>Blocks of the projections, and channels in each.</value>
    internal long Blocks { get; } = inputs.Weights.Query.size(0);

    internal long Block { get; } = inputs.Weights.Query.size(1);

    /// <value>L.</value>
    internal int Chunk { get; } = MLstmCudaCell.ChunkOf(inputs.Length);

    /// <value>P, S rounded up to whole chunks.</value>
    internal long Padded { get; } = MLstmCudaCell.Padded(inputs.Length);

    /// <value>N.</value>
    internal int Chunks => (int)(Padded / Chunk);

    /// <value>B·NH·P.</value>
    internal long Rows => Batch * Heads * Padded;

    /// <value>Shape of q, k and v.</value>
    internal long[] PerHead => [Batch, Heads, Padded, Size];

    /// <value>1/√DH.</value>
    internal float Scale => (float)(1 / Math.Sqrt(Size));

    /// <value>A thread for every two values of a state.</value>
    internal LaunchShape EachOfState => LaunchShape.For(Size * Size / 2) with { GridY = (int)(Batch * Heads) };

    /// <summary>(B, NH, P, DH) as (B·NH·N, L, DH).</summary>
    internal Tensor Chunked(Tensor x) => x.view(-1, Chunk, Size);

    /// <summary>
    /// Without the first chunk of all, and without the last: side by side they pair each chunk with the one before it. The first chunk of a later head is
    /// paired with the last of another: kernels leave out what comes of that, or it is multiplied by 0.
    /// </summary>
    internal Tensor AfterFirst(Tensor chunks) => chunks.narrow(0, 1, chunks.size(0) - 1);

    /// <inheritdoc cref="AfterFirst"/>
    internal Tensor BeforeLast(Tensor chunks) => chunks.narrow(0, 0, chunks.size(0) - 1);
}
