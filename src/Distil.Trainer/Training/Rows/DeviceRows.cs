using Distil.Core.Errors;
using static TorchSharp.torch;

namespace Distil.Trainer.Training.Rows;

/// <summary>One shard of full rows that stays on the device, for data that fits there: a step transfers only row numbers.</summary>
public sealed class DeviceRows : ITrainingRows, IDisposable
{
    private readonly Tensor _rows;

    /// <param name="ids">Token ids, one row after another; an incomplete last row is ignored.</param>
    /// <param name="contextLength">S, tokens in a row, ≥ 2.</param>
    /// <param name="device">Device of the rows.</param>
    /// <exception cref="InvalidInputException">There is not one full row.</exception>
    public DeviceRows(ReadOnlySpan<int> ids, int contextLength, Device device)
    {
        var count = ids.Length / contextLength;
        if (count == 0)
        {
            throw new InvalidInputException($"the text has {ids.Length} tokens; a row needs {contextLength}");
        }

        using var scope = NewDisposeScope();
        _rows = tensor(ids[..(count * contextLength)].ToArray(), [count, contextLength], ScalarType.Int32).to(device).DetachFromDisposeScope();
        RowsOfShards = [count];
    }

    /// <inheritdoc />
    public IReadOnlyList<long> RowsOfShards { get; }

    /// <inheritdoc />
    public RowCounts CountsOf(MicroBatch rows) => RowCounts.OfFull(rows.Rows.Length, _rows.shape[1]);

    /// <inheritdoc />
    public IReadOnlyList<TokenBatch> Read(MicroBatch rows)
    {
        using var scope = NewDisposeScope();
        var ids = _rows.index_select(0, tensor(rows.Rows, ScalarType.Int64).to(_rows.device))
            .to_type(ScalarType.Int64); // (B, S)
        var (count, length) = (ids.shape[0], ids.shape[1]);
        return [new(ids.DetachFromDisposeScope(), null, count, count * length, count * (length - 1))];
    }

    /// <inheritdoc />
    public void Dispose() => _rows.Dispose();
}
