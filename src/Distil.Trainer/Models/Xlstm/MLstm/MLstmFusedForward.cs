using Distil.Trainer.Kernels.Launching;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm.MLstm;

/// <summary>The forward pass of <see cref="MLstmFusedCell"/> and what its backward pass takes from it. All tensors are in the scope of the constructor's caller.</summary>
internal sealed class MLstmFusedForward
{
    private readonly Tensor[] _kept;

    /// <summary>Runs it.</summary>
    internal MLstmFusedForward(MLstmFusedCell.Inputs inputs)
    {
        var (q, k, v) = (inputs.Q, inputs.K, inputs.V);
        var (batch, heads, padded, size, length) = (q.shape[0], q.shape[1], q.shape[2], q.shape[3], inputs.Gates.shape[1]);
        var shape = new MLstmFusedShape(batch, heads, length, size);
        var program = MLstmFusedCell.Program(size, shape.Chunk);
        Tensor Floats(params long[] sizes) => empty(sizes, ScalarType.Float32, q.device);
        Tensor PerRow() => Floats(shape.Rows);
        var (source, peak, floors, carried, written, keep) = (PerRow(), PerRow(), PerRow(), PerRow(), PerRow(), Floats(batch * heads, shape.Chunks));
        program["mlstm_gates"].Launch(
            new(batch * heads, shape.Chunk), inputs.Gates.contiguous(), source, peak, floors, carried, written, keep, (int)heads, (int)length, shape.Chunks);

        var (queries, keysThere, values) = (shape.Chunked(q), shape.Chunked(k), shape.Chunked(v));                // (B·NH·N, L, DH)
        var weights = queries.bmm(keysThere.transpose(1, 2));                                                     // (B·NH·N, L, L): t, s
        var sums = PerRow();
        program["mlstm_weigh"].Launch(MLstmFusedCell.WarpEach(shape.Rows), weights, source, peak, sums, shape.Rows, shape.Scale);
        var hidden = weights.bmm(values);                                                                         // (B·NH·N, L, DH)

        Tensor keys = empty(0, device: q.device), states = keys, normalisers = keys, fromState = keys;
        if (shape.Chunks > 1)
        {
            (keys, normalisers) = (empty_like(keysThere), Floats(batch * heads, shape.Chunks, size));
            program["mlstm_keys"].Launch(new(shape.Chunks, (int)size / 2, GridY: (int)(batch * heads)), k, written, keys, normalisers, shape.Scale);
            states = keys.transpose(1, 2).bmm(values);                                                            // (B·NH·N, DH, DH), after each chunk
            program["mlstm_states"].Launch(shape.EachOfState, states, normalisers, keep, shape.Chunks, 0);
            fromState = shape.AfterFirst(queries).bmm(shape.BeforeLast(states));                                  // a chunk's queries and the state before it
        }

        var (inverse, slope) = (PerRow(), PerRow());
        Mixed = empty([batch, length, heads * size], ScalarType.BFloat16, q.device);
        var (c, z) = (MLstmFusedCell.Rows(inputs.Convolved), MLstmFusedCell.Rows(inputs.Gate));
        program["mlstm_mix"].Launch(
            MLstmFusedCell.WarpEach(shape.Rows), hidden, fromState, q, normalisers, sums, carried, floors, KernelArgument.Strided(c), KernelArgument.Strided(z),
            inputs.Norm.contiguous(), inputs.Skip.contiguous(), inverse, slope, Mixed, shape.Rows, (int)heads, (int)length, shape.Chunks, c.stride(1), z.stride(1));
        _kept = [source, peak, carried, written, keep, weights, hidden, inverse, slope, keys, states, normalisers];
    }

    /// <summary>Takes up what an earlier run kept.</summary>
    internal MLstmFusedForward(MLstmFusedCell.Inputs inputs, IEnumerable<Tensor> kept) => (Mixed, _kept) = (inputs.Convolved, [.. kept]);

    /// <value>The result, (B, S, NH·DH); of a run alone.</value>
    internal Tensor Mixed { get; }

    internal Tensor Source => _kept[0];

    internal Tensor Peak => _kept[1];

    internal Tensor Carried => _kept[2];

    internal Tensor Written => _kept[3];

    internal Tensor Keep => _kept[4];

    /// <value>(B·NH·N, L, L).</value>
    internal Tensor Weights => _kept[5];

    /// <value>h, (B·NH·N, L, DH).</value>
    internal Tensor Hidden => _kept[6];

    internal Tensor Inverse => _kept[7];

    internal Tensor Slope => _kept[8];

    /// <value>Keys as they count at their chunk's end, (B·NH·N, L, DH); this and the next two are empty with one chunk.</value>
    internal Tensor Keys => _kept[9];

    /// <value>After each chunk, (B·NH·N, DH, DH).</value>
    internal Tensor States => _kept[10];

    /// <value>After each chunk, (B·NH, N, DH).</value>
    internal Tensor Normalisers => _kept[11];

    /// <summary>All that the backward pass needs beside the inputs.</summary>
    internal IReadOnlyList<Tensor> Kept() => _kept;
}
