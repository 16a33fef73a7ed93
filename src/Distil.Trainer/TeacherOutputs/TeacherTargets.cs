using Distil.Trainer.Torch;
using static TorchSharp.torch;

namespace Distil.Trainer.TeacherOutputs;

/// <summary>The stored part of a teacher's outputs at N = B·S positions, row by row.</summary>
/// <param name="TokenIds">Kept tokens, then those drawn from the tail, (N, K + m) int64; an unused slot repeats the position's first.</param>
/// <param name="LogProbabilities">Their natural log-probabilities at T = 1 over the whole vocabulary, (N, K + m) float32; −inf if the slot is unused.</param>
/// <param name="TailLogSumExp">log Σ exp(x·log p) over the tokens not kept, at each node x = 1/T, (N, M) float32; −inf if all are kept.</param>
/// <param name="InverseTemperatures">The M nodes, ascending.</param>
/// <param name="MeanHidden">Mean over the teacher's layers without the embedding output, (B, S, D) float32, or float16 for storage; null if alignment does
/// not need it.</param>
/// <remarks>At padding, token 0 is kept with probability 1, so that every position is a distribution.</remarks>
public sealed record TeacherTargets(
    Tensor TokenIds, Tensor LogProbabilities, Tensor TailLogSumExp, IReadOnlyList<double> InverseTemperatures, Tensor? MeanHidden) : IDisposable
{
    /// <value>How often each of the last m tokens was drawn from the tail (<see cref="TailDraws"/>), (N, m) float32; 0 if the slot is unused. Null without
    /// draws: m is then 0.</value>
    public Tensor? Draws { get; init; }

    /// <value>m, the number of slots for draws.</value>
    internal long DrawSlots => Draws?.shape[1] ?? 0;

    private IEnumerable<Tensor> Parts => new[] { TokenIds, LogProbabilities, TailLogSumExp, MeanHidden, Draws }.OfType<Tensor>();

    /// <summary>Returns the distributions at a temperature inside the nodes' range: kept tokens exactly, the tail by interpolation in 1/T.</summary>
    /// <param name="temperature">T, &gt; 0.</param>
    public TemperedTargets At(double temperature)
    {
        using var scope = NewDisposeScope();
        var kept = LogProbabilities / temperature;                                                    // (N, K)
        var tail = TailAt(1 / temperature);                                                           // (N)
        var total = kept.narrow(-1, 0, kept.shape[1] - DrawSlots).logsumexp(-1).logaddexp(tail);      // (N)
        return new(
            TokenIds, (kept - total.unsqueeze(-1)).MoveToOuterDisposeScope(), (tail - total).MoveToOuterDisposeScope(),
            DrawWeights()?.MoveToOuterDisposeScope());
    }

    /// <summary>The weights of the draws in sums over the tail, which are the same at every temperature, (N, m) float32; null without draws.</summary>
    internal Tensor? DrawWeights()
    {
        if (Draws is null)
        {
            return null;
        }

        using var scope = NewDisposeScope();
        var exponent = TailDraws.Exponent(InverseTemperatures);
        var logs = LogProbabilities.narrow(-1, LogProbabilities.shape[1] - DrawSlots, DrawSlots);
        return TailDraws.Weights(Draws, logs, TailAt(exponent), exponent).MoveToOuterDisposeScope();
    }

    /// <summary>log Σ exp(x·log p) over the tail, (N); −inf without one.</summary>
    private Tensor TailAt(double inverseTemperature)
    {
        using var scope = NewDisposeScope();
        var weights = tensor(TemperatureNodes.Weights(InverseTemperatures, inverseTemperature), ScalarType.Float32, TailLogSumExp.device);
        var none = TailLogSumExp.select(-1, 0).isneginf();
        return TailLogSumExp.masked_fill(none.unsqueeze(-1), 0).matmul(weights).masked_fill(none, double.NegativeInfinity).MoveToOuterDisposeScope();
    }

    /// <summary>Returns the outputs at other places.</summary>
    /// <param name="places">(N), int64: which of the present positions comes where.</param>
    /// <param name="rows">Number of rows in which they are then.</param>
    internal TeacherTargets At(Tensor places, long rows) => this with
    {
        TokenIds = TokenIds.index_select(0, places),
        LogProbabilities = LogProbabilities.index_select(0, places),
        TailLogSumExp = TailLogSumExp.index_select(0, places),
        Draws = Draws?.index_select(0, places),
        MeanHidden = MeanHidden is { } mean ? mean.flatten(0, 1).index_select(0, places).view(rows, -1, mean.shape[^1]) : null,
    };

    /// <summary>Returns the distributions of some of the positions, as views, without hidden states.</summary>
    internal TeacherTargets Slice(long start, long length) => new(
        TokenIds.narrow(0, start, length), LogProbabilities.narrow(0, start, length),
        TailLogSumExp.narrow(0, start, length), InverseTemperatures, MeanHidden: null)
    {
        Draws = Draws?.narrow(0, start, length),
    };

    /// <summary>Returns a dense copy on the host, with hidden states in float16 as in files, outside of every dispose scope.</summary>
    internal TeacherTargets ForStorage()
    {
        using var scope = NewDisposeScope();
        var here = (this with { MeanHidden = MeanHidden is null ? null : AsHalf(MeanHidden) }).Parts.ToArray().ToHost();
        return this with
        {
            TokenIds = here[0], LogProbabilities = here[1], TailLogSumExp = here[2], MeanHidden = MeanHidden is null ? null : here[3],
            Draws = Draws is null ? null : here[^1],
        };
    }

    /// <summary>Takes the tensors out of the present dispose scope, into the one around it.</summary>
    internal TeacherTargets MoveToOuterDisposeScope()
    {
        foreach (var part in Parts)
        {
            part.MoveToOuterDisposeScope();
        }

        return this;
    }

    /// <summary>Takes the tensors out of every dispose scope.</summary>
    internal TeacherTargets DetachFromDisposeScope()
    {
        foreach (var part in Parts)
        {
            part.DetachFromDisposeScope();
        }

        return this;
    }

    /// <summary>Converts hidden states to float16; values outside its range become its largest values.</summary>
    internal static Tensor AsHalf(Tensor hidden)
    {
        const double largest = 65504;
        return hidden.dtype == ScalarType.Float16 ? hidden : hidden.clamp(-largest, largest).to(ScalarType.Float16);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var part in Parts)
        {
            part.Dispose();
        }
    }
}
