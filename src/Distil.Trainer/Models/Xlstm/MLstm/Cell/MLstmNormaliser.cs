using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm.MLstm.Cell;

/// <summary>What the mLSTM divides by. Keys and the start of the state follow from it.</summary>
internal abstract class MLstmNormaliser
{
    /// <value>max(|Σ|, exp(−m)) + 1e-6, keys divided by √DH (xLSTM, arXiv 2405.04517).</value>
    internal static MLstmNormaliser Reference { get; } = new Bounded();

    /// <value>Σ itself, for features that are positive: h is then a weighted mean of the values, and a constant on the input gate changes nothing.</value>
    internal static MLstmNormaliser Plain { get; } = new Unbounded();

    /// <value>The stabiliser before the first position.</value>
    internal abstract double StartStabiliser { get; }

    /// <summary>What keys are divided by.</summary>
    /// <param name="size">DH.</param>
    internal abstract double KeyDivisor(long size);

    /// <param name="sum">Σ over the positions so far, scaled by exp(−m).</param>
    /// <param name="max">m, the stabiliser, of the same shape.</param>
    internal abstract Tensor Of(Tensor sum, Tensor max);

    /// <summary>Keys as the sums need them.</summary>
    internal Tensor Scale(Tensor keys) => KeyDivisor(keys.shape[^1]) is var divisor && divisor == 1 ? keys : keys / divisor;

    private sealed class Bounded : MLstmNormaliser
    {
        internal override double StartStabiliser => 0;

        internal override double KeyDivisor(long size) => Math.Sqrt(size);

        internal override Tensor Of(Tensor sum, Tensor max) => maximum(sum.abs(), (-max).exp()) + MLstmParallel.Epsilon;
    }

    private sealed class Unbounded : MLstmNormaliser
    {
        /// <summary>Keeps 0 / 0 from being NaN if every weight underflows.</summary>
        private const double Smallest = 1e-30;

        // exp of it is 0, so that an empty state has no weight, and it is finite, so that differences of two of them are.
        internal override double StartStabiliser => -1e30;

        internal override double KeyDivisor(long size) => 1;

        internal override Tensor Of(Tensor sum, Tensor max) => sum + Smallest;
    }
}
