using Distil.Trainer.Kernels.Launching;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm.MLstm;

/// <summary>The backward pass of <see cref="MLstmFusedCell"/>.</summary>
internal static class MLstmFusedBackward
{
    /// <param name="inputs">Of the forward pass.</param>
    /// <param name="forward">What it kept.</param>
    /// <param name="gradient">Of the result, (B, S, NH·DH).</param>
    /// <returns>Gradients in the order of <see cref="MLstmFusedCell.Inputs"/>.</returns>
    internal static List<Tensor> Gradients(MLstmFusedCell.Inputs inputs, MLstmFusedForward forward, Tensor gradient)
    {
        var (q, k, v) = (inputs.Q, inputs.K, inputs.V);
        var (batch, heads, size, length) = (q.shape[0], q.shape[1], q.shape[3], inputs.Gates.shape[1]);
        var shape = new MLstmFusedShape(batch, heads, length, size);
        var program = MLstmFusedCell.Program(size, shape.Chunk);
        var (queries, keys, values) = (shape.Chunked(q), shape.Chunked(k), shape.Chunked(v));                     // (B·NH·N, L, DH)
        Tensor Floats(params long[] sizes) => empty(sizes, ScalarType.Float32, q.device);

        // Norm, skip and gate.
        var (c, z) = (MLstmFusedCell.Rows(inputs.Convolved), MLstmFusedCell.Rows(inputs.Gate));
        var dConvolved = empty(c.shape, ScalarType.BFloat16, q.device);
        var dGate = empty_like(dConvolved);
        var dRetrieved = empty_like(forward.Hidden);
        var dCarried = shape.Chunks > 1 ? empty_like(dRetrieved) : null;
        var dNorm = Floats(shape.Rows);
        var launch = MLstmFusedCell.HeadEach(heads);
        var partial = Floats(launch.GridY, 2, heads * size);
        program["mlstm_mix_backward"].Launch(
            launch, gradient.to(ScalarType.BFloat16).contiguous(), forward.Hidden, KernelArgument.Strided(c), KernelArgument.Strided(z), inputs.Norm.contiguous(), inputs.Skip.contiguous(),
            forward.Inverse, forward.Slope, forward.Carried, dConvolved, dGate, dRetrieved, dCarried, dNorm, partial, (int)batch, (int)heads, (int)length, shape.Chunks,
            c.stride(1), z.stride(1));

        // Inside the chunks.
        var dWeights = dRetrieved.bmm(values.transpose(1, 2));                                                    // (B·NH·N, L, L)
        program["mlstm_weigh_backward"].Launch(MLstmFusedCell.WarpEach(shape.Rows), dWeights, forward.Source, forward.Peak, dNorm, shape.Rows, shape.Scale);
        var dValues = forward.Weights.transpose(1, 2).bmm(dRetrieved);
        var dQueries = dWeights.bmm(keys);
        var dKeys = dWeights.transpose(1, 2).bmm(queries);

        // From chunk to chunk.
        Tensor? dNormalisers = null, dWritten = null;
        if (dCarried is not null)
        {
            dNormalisers = Floats(batch * heads, shape.Chunks, size);
            program["mlstm_normaliser_backward"].Launch(
                new(shape.Chunks, (int)size / 2, GridY: (int)(batch * heads)), q, forward.Carried, dNorm, dNormalisers);
            var dStates = queries.transpose(1, 2).bmm(dCarried);                                                  // (B·NH·N, DH, DH), before each chunk
            program["mlstm_states"].Launch(shape.EachOfState, dStates, dNormalisers, forward.Keep, shape.Chunks, 1);
            var after = shape.AfterFirst(dStates);
            dWritten = shape.BeforeLast(values).bmm(after.transpose(1, 2));
            shape.AfterFirst(dQueries).add_(shape.AfterFirst(dCarried).bmm(shape.BeforeLast(forward.States).transpose(1, 2)));
            shape.BeforeLast(dValues).add_(shape.BeforeLast(forward.Keys).bmm(after));
        }

        var (through, dInput) = (Floats(shape.Rows), Floats(shape.Rows));
        program["mlstm_finish_backward"].Launch(
            MLstmFusedCell.WarpEach(shape.Rows), dQueries, dKeys, dWritten, q, k, dCarried is null ? null : forward.Normalisers, dNormalisers, forward.Carried, forward.Written,
            dNorm, through, dInput, shape.Rows, (int)heads, shape.Chunks, shape.Scale);
        var gates = inputs.Gates.contiguous();
        var dGates = empty_like(gates);
        program["mlstm_gates_backward"].Launch(new(batch * heads, shape.Chunk), gates, through, dInput, dGates, (int)heads, (int)length, shape.Chunks);
        var weightSums = partial.sum([0L]);                                                                          // (2, NH·DH)
        return
        [
            dQueries.view(q.shape), dKeys.view(q.shape), dValues.view(q.shape), dGates, dConvolved, dGate, weightSums.select(0, 0).clone(), weightSums.select(0, 1).clone(),
        ];
    }
}
