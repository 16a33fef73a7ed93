using static TorchSharp.torch;

namespace Distil.Trainer.Training.Rows;

/// <summary>Rows of tokens that go through the model together.</summary>
/// <param name="InputIds">(B, S), int64, on the model's device.</param>
/// <param name="Lengths">(B), int64: real tokens of each row; null if all are real.</param>
/// <param name="Rows">B.</param>
/// <param name="Tokens">Real tokens in all rows.</param>
/// <param name="Labels">Number of tokens predicted from an earlier one in their row; cross-entropy is the mean over them.</param>
public sealed record TokenBatch(Tensor InputIds, Tensor? Lengths, long Rows, long Tokens, long Labels) : IDisposable
{
    /// <value>Its counts.</value>
    public RowCounts Counts => new(Rows, Tokens, Labels);

    /// <inheritdoc />
    public void Dispose()
    {
        InputIds.Dispose();
        Lengths?.Dispose();
    }
}
