using Distil.Inference.Cuda;
using Distil.Trainer.Kernels.Launching;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Distil.Trainer.Models.Xlstm.MLstm.Cell;

/// <summary>The forward pass of <see cref="MLstmCudaCell"/>.</summary>
internal static class MLstmCudaForward
{
    /// <returns>
    /// (B, S, I), bfloat16: what the projection down takes; and what <see cref="MLstmCudaBackward"/> needs. All in the present dispose scope.
    /// </returns>
    internal static (Tensor Mixed, MLstmCellSaved Saved) Run(MLstmCellInputs inputs)
    {
        var own = inputs.Weights;
        var shape = new MLstmCudaShape(inputs);
        var program = MLstmCudaCell.Program(shape.Size, shape.Chunk);
        var (batch, heads, length, device) = (shape.Batch, shape.Heads, shape.Length, inputs.Convolved.device);
        var (c, x, z) = (MLstmCudaCell.Rows(inputs.Convolved), MLstmCudaCell.Rows(inputs.Inner), MLstmCudaCell.Rows(inputs.Gate));
        Tensor Floats(params long[] sizes) => empty(sizes, ScalarType.Float32, device);
        Tensor Halves(params long[] sizes) => empty(sizes, ScalarType.BFloat16, device);
        Tensor PerRow() => Floats(shape.Rows);

        // q, k, v in the heads' layout, and the gates.
        var (q, k, v) = (Halves(shape.PerHead), Halves(shape.PerHead), Halves(shape.PerHead));
        var composed = Halves(2, 2 * heads, inputs.Width);
        var projection = MLstmCudaCell.Projection(shape.Size, shape.Block);
        projection["headwise_forward"].Launch(
            new((shape.Blocks + 7) / 8, 256, GridY: (int)((shape.Padded + 63) / 64), GridZ: (int)batch),
            KernelArgument.Strided(c), KernelArgument.Strided(x), own.Query, own.Key, own.Value, q, k, v,
            (int)shape.Blocks, (int)length, (int)shape.Padded, c.stride(1), x.stride(1));
        projection["gate_weights"].Launch(
            LaunchShape.For(2 * heads * inputs.Width) with { GridY = 2 }, own.InputGate, own.ForgetGate,
            own.Query, own.Key, own.Value, composed, (int)heads, (int)inputs.Width);
        var (ofConvolved, ofInner) = (linear(c, composed.select(0, 0)), linear(x, composed.select(0, 1)));        // (B, S, 2·NH)
        var (source, peak, floors, carried, written, keep) = (PerRow(), PerRow(), PerRow(), PerRow(), PerRow(), Floats(batch * heads, shape.Chunks));
        program["mlstm_gates"].Launch(
            new(batch * heads, shape.Chunk), ofConvolved, ofInner, own.InputBias, own.ForgetBias, source, peak,
            floors, carried, written, keep, (int)heads, (int)length, shape.Chunks);

        // Inside the chunks.
        var (queries, keysThere, values) = (shape.Chunked(q), shape.Chunked(k), shape.Chunked(v));                // (B·NH·N, L, DH)
        var weights = queries.bmm(keysThere.transpose(1, 2));                                                     // (B·NH·N, L, L): t, s
        var sums = PerRow();
        program["mlstm_weigh"].Launch(MLstmCudaCell.WarpEach(shape.Rows), weights, source, peak, sums, shape.Rows, shape.Scale);
        var hidden = weights.bmm(values);                                                                         // (B·NH·N, L, DH)

        // From chunk to chunk.
        Tensor keys = empty(0, device: device), states = keys, normalisers = keys, fromState = keys;
        if (shape.Chunks > 1)
        {
            (keys, normalisers) = (empty_like(keysThere), Floats(batch * heads, shape.Chunks, shape.Size));
            program["mlstm_keys"].Launch(new(shape.Chunks, (int)shape.Size / 2, GridY: (int)(batch * heads)), k, written, keys, normalisers, shape.Scale);
            states = keys.transpose(1, 2).bmm(values);                                                            // (B·NH·N, DH, DH), after each chunk
            program["mlstm_states"].Launch(shape.EachOfState, states, normalisers, keep, shape.Chunks, 0);
            fromState = shape.AfterFirst(queries).bmm(shape.BeforeLast(states));                                  // a chunk's queries and the state before it
        }

        var (inverse, slope) = (PerRow(), PerRow());
        var mixed = Halves(batch, length, inputs.Width);
        program["mlstm_mix"].Launch(
            MLstmCudaCell.WarpEach(shape.Rows), hidden, fromState, q, normalisers, sums, carried, floors, KernelArgument.Strided(c), KernelArgument.Strided(z),
            own.Norm, own.Skip, inverse, slope, mixed, shape.Rows, (int)heads, (int)length, shape.Chunks, c.stride(1), z.stride(1));
        return (mixed, new(
            inputs, source, peak, carried, written, keep, weights, hidden, inverse, slope, keys, states, normalisers, q, k, v, composed, ofConvolved, ofInner));
    }
}
