using Distil.Inference.Cuda;
using Distil.Trainer.Kernels.Launching;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm.MLstm.Cell;

/// <summary>The backward pass of <see cref="MLstmCudaCell"/>.</summary>
internal static class MLstmCudaBackward
{
    /// <summary>Shares of the positions whose parts of the projections' gradients are summed afterwards.</summary>
    private const int Shares = 16;

    /// <param name="forward">From the forward pass.</param>
    /// <param name="gradient">Gradient of the result, (B, S, I).</param>
    /// <returns>Gradients of the inputs.</returns>
    internal static MLstmCellInputs Gradients(MLstmCellSaved forward, Tensor gradient)
    {
        var (inputs, own) = (forward.Inputs, forward.Inputs.Weights);
        var shape = new MLstmCudaShape(inputs);
        var program = MLstmCudaCell.Program(shape.Size, shape.Chunk);
        var (batch, heads, length, device) = (shape.Batch, shape.Heads, shape.Length, inputs.Convolved.device);
        var (queries, keys, values) = (shape.Chunked(forward.Q), shape.Chunked(forward.K), shape.Chunked(forward.V));   // (B·NH·N, L, DH)
        Tensor Floats(params long[] sizes) => empty(sizes, ScalarType.Float32, device);

        // Norm, skip and gate.
        var (c, z) = (MLstmCudaCell.Rows(inputs.Convolved), MLstmCudaCell.Rows(inputs.Gate));
        var dConvolved = empty(c.shape, ScalarType.BFloat16, device);
        var dGate = empty_like(dConvolved);
        var dRetrieved = empty_like(forward.Hidden);
        var dCarried = shape.Chunks > 1 ? empty_like(dRetrieved) : null;
        var launch = MLstmCudaCell.HeadEach(heads);
        var partial = Floats(launch.GridY, 2, inputs.Width);
        program["mlstm_mix_backward"].Launch(
            launch, gradient.to(ScalarType.BFloat16).contiguous(), forward.Hidden, KernelArgument.Strided(c), KernelArgument.Strided(z), own.Norm, own.Skip,
            forward.Inverse, forward.Carried, dConvolved, dGate, dRetrieved, dCarried, partial, (int)batch, (int)heads, (int)length, shape.Chunks,
            c.stride(1), z.stride(1));

        // Inside the chunks.
        var dQueriesCarried = dCarried is null ? null : shape.AfterFirst(dCarried).bmm(shape.BeforeLast(forward.States).transpose(1, 2));
        var dWeights = dRetrieved.bmm(values.transpose(1, 2));                                                    // (B·NH·N, L, L)
        var (dNorm, rowSums, columnSums) = (Floats(shape.Rows), Floats(shape.Rows), Floats(shape.Rows / MLstmCudaCell.Tile, shape.Chunk));
        program["mlstm_weigh_backward"].Launch(
            MLstmCudaCell.TileEach(shape.Rows), dWeights, forward.Weights, forward.Q, dQueriesCarried, forward.Source,
            forward.Peak, forward.Inverse, forward.Slope, dNorm, rowSums, columnSums,
            (int)length, shape.Chunks, shape.Scale);
        var dValues = forward.Weights.transpose(1, 2).bmm(dRetrieved);
        var dQueries = dWeights.bmm(keys);
        var dKeys = dWeights.transpose(1, 2).bmm(queries);

        // From chunk to chunk.
        Tensor? dNormalisers = null, dWritten = null, passing = null;
        if (dCarried is not null)
        {
            dNormalisers = Floats(batch * heads, shape.Chunks, shape.Size);
            program["mlstm_normaliser_backward"].Launch(
                new(shape.Chunks, (int)shape.Size / 2, GridY: (int)(batch * heads)), forward.Q, forward.Carried, dNorm, dNormalisers);
            var dStates = queries.transpose(1, 2).bmm(dCarried);                                                  // (B·NH·N, DH, DH), before each chunk
            program["mlstm_states"].Launch(shape.EachOfState, dStates, dNormalisers, forward.Keep, shape.Chunks, 1);
            var after = shape.AfterFirst(dStates);
            dWritten = shape.BeforeLast(values).bmm(after.transpose(1, 2));
            shape.BeforeLast(dValues).add_(shape.BeforeLast(forward.Keys).bmm(after));
            passing = Floats(batch * heads, shape.Chunks);
            program["mlstm_passing"].Launch(
                new(shape.Chunks, 256, GridY: (int)(batch * heads)), forward.States, dStates, forward.Normalisers, dNormalisers, passing, shape.Chunks);
        }

        var (through, dInput) = (Floats(shape.Rows), Floats(shape.Rows));
        program["mlstm_finish_backward"].Launch(
            MLstmCudaCell.WarpEach(shape.Rows), dQueries, dKeys, dQueriesCarried, dWritten, forward.Q, forward.K,
            dCarried is null ? null : forward.Normalisers, dNormalisers,
            forward.Carried, forward.Written, dNorm, rowSums, columnSums, through, dInput, shape.Rows, (int)heads, shape.Chunks, shape.Scale);
        var (dGates, dBias) = (empty_like(forward.OfConvolved), Floats(batch, 2 * heads));                        // (B, S, 2·NH)
        program["mlstm_gates_backward"].Launch(
            new(batch * heads, shape.Chunk), forward.OfConvolved, forward.OfInner, own.InputBias, own.ForgetBias, through, dInput, passing, dGates,
            dBias, (int)heads, (int)length, shape.Chunks);

        var ofWeights = partial.sum([0L]);                                                                        // (2, I)
        var dBiases = dBias.sum([0L]);
        var (dInner, dProjections, dGateWeights) = Projections(forward, shape, dQueries, dKeys, dValues, dGates, dConvolved);
        Tensor Half(Tensor both, int which) => both.narrow(0, which * heads, heads);
        return new(dConvolved, dInner, dGate, new(
            dProjections.select(0, 0), dProjections.select(0, 1), dProjections.select(0, 2), Half(dGateWeights, 0),
            Half(dGateWeights, 1), Half(dBiases, 0), Half(dBiases, 1),
            Norm: ofWeights.select(0, 0), Skip: ofWeights.select(0, 1)));
    }

    /// <summary>Through q, k, v and the gates to c and x_m, and to their weights.</summary>
    /// <param name="forward">From the forward pass.</param>
    /// <param name="shape">Sizes of the cell.</param>
    /// <param name="dQueries">Gradient of q, as <paramref name="dKeys"/> and <paramref name="dValues"/>.</param>
    /// <param name="dKeys">Gradient of k.</param>
    /// <param name="dValues">Gradient of v.</param>
    /// <param name="dGates">Gradient of the gates, (B, S, 2·NH).</param>
    /// <param name="dConvolved">Gradient of c; what comes through q, k and the gates is added to it.</param>
    /// <returns>Gradients of x_m, (B, S, I); of the weights of q, k and v, (3, blocks, out, in); and of the gates' weights, (2·NH, 3·I).</returns>
    private static (Tensor Inner, Tensor Projections, Tensor GateWeights) Projections(
        MLstmCellSaved forward, MLstmCudaShape shape, Tensor dQueries, Tensor dKeys, Tensor dValues, Tensor dGates, Tensor dConvolved)
    {
        var (inputs, own) = (forward.Inputs, forward.Inputs.Weights);
        var (heads, width, device) = ((int)shape.Heads, (int)inputs.Width, inputs.Convolved.device);
        var program = MLstmCudaCell.Projection(shape.Size, shape.Block);
        var (c, x) = (MLstmCudaCell.Rows(inputs.Convolved), MLstmCudaCell.Rows(inputs.Inner));
        var gates = dGates.view(-1, 2 * heads);                                                                   // (B·S, 2·NH)
        var dInner = gates.matmul(forward.Composed.select(0, 1)).view(dConvolved.shape);
        dConvolved.view(-1, width).addmm_(gates, forward.Composed.select(0, 0));
        var shares = empty([Shares, 3, shape.Blocks, shape.Block, shape.Block], ScalarType.Float32, device);
        program["headwise_backward"].Launch(
            new((shape.Blocks + 3) / 4, 128, GridY: Shares), dQueries, dKeys, dValues, KernelArgument.Strided(c),
            KernelArgument.Strided(x), own.Query, own.Key, own.Value,
            dConvolved, dInner, shares, (int)shape.Blocks, (int)shape.Batch, (int)shape.Length, (int)shape.Padded, c.stride(1), x.stride(1));

        var dProjections = shares.sum([0L]);                                                                      // (3, blocks, out, in)
        Tensor Composed(Tensor from) => gates.t().matmul(from.flatten(0, 1));                                     // (2·NH, I)
        var dComposed = stack([Composed(c), Composed(x)]);
        var dGateWeights = empty([2 * heads, 3 * width], ScalarType.Float32, device);
        program["gate_weights_backward"].Launch(
            LaunchShape.For(dGateWeights.numel() + dProjections.numel()), dComposed, own.InputGate,
            own.ForgetGate, own.Query, own.Key, own.Value, dGateWeights, dProjections,
            heads, width);
        return (dInner, dProjections, dGateWeights);
    }
}
