using System.Runtime.InteropServices;
using Distil.Core.Specification;
using static TorchSharp.torch;

namespace Distil.Trainer.TeacherOutputs;

/// <summary>Encodes batches of a teacher's outputs into the bytes of a file's rows, in parallel by row.</summary>
internal sealed class RowEncoder(TeacherOutputsHeader header)
{
    private readonly PositionCodec _codec = new(header);
    private readonly HiddenCodec _hidden = new(header.HiddenForm, header.HiddenSize);

    /// <param name="targets">Targets of whole rows of the header's context length, on any device.</param>
    /// <param name="lengths">Real positions of each row; empty if all are real. Only those are stored.</param>
    /// <returns>The encoded rows. They depend only on these rows, not on other calls before or during this one.</returns>
    internal EncodedRows Encode(TeacherTargets targets, ReadOnlySpan<int> lengths = default)
    {
        if (!targets.InverseTemperatures.SequenceEqual(header.InverseTemperatures) || targets.MeanHidden is null != (header.HiddenSize == 0)
            || targets.DrawSlots != header.TailDraws)
        {
            throw new ArgumentException("the targets' temperatures, hidden states or draws are not those of the file's header", nameof(targets));
        }
        using var here = targets.ForStorage();
        var rows = (int)(here.TokenIds.shape[0] / header.ContextLength);
        int[] real = lengths.IsEmpty ? [.. Enumerable.Repeat(header.ContextLength, rows)] : lengths.ToArray();
        var encoded = new EncodedRows(header, HiddenFor(here, rows), rows);
        try
        {
            Parallel.For(0, rows, row => Encode(encoded, here, row, real[row]));
            return encoded;
        }
        catch (AggregateException several) when (several.InnerExceptions.OfType<NonFiniteOutputsException>().MinBy(each => each.Row) is { } first)
        {
            encoded.Dispose();
            throw first;
        }
        catch
        {
            encoded.Dispose();
            throw;
        }
    }

    private void Encode(EncodedRows encoded, TeacherTargets targets, int row, int real)
    {
        var ids = RowOf<long>(targets.TokenIds, row);
        var logs = RowOf<float>(targets.LogProbabilities, row);
        var tail = RowOf<float>(targets.TailLogSumExp, row);
        var counts = targets.Draws is null ? [] : RowOf<float>(targets.Draws, row);
        var (slots, draws, nodes) = ((int)targets.TokenIds.shape[1], header.TailDraws, header.InverseTemperatures.Count);
        var bits = new BitWriter();
        var (tokens, most, capped) = (0L, 0, 0);
        for (var position = 0; position < real; position++)
        {
            var (first, firstDraw) = (position * slots, (position + 1) * slots - draws);
            var kept = UsedOf(logs[first..firstDraw]);
            var drawn = UsedOf(logs.Slice(firstDraw, draws));
            OutputCheck.RequireFinite(row, position, kept, tail.Slice(position * nodes, nodes));
            _codec.Encode(
                bits, ids.Slice(first, kept.Length), kept, tail.Slice(position * nodes, nodes),
                ids.Slice(firstDraw, drawn.Length), drawn, counts.Slice(position * draws, drawn.Length));
            tokens += kept.Length;
            most = Math.Max(most, kept.Length);
            if (kept.Length >= header.MaxTokens && MassOf(kept) < header.TopP)
            {
                capped++;
            }
        }

        if (targets.MeanHidden is { } mean)
        {
            var states = MemoryMarshal.Cast<byte, Half>(mean.bytes).Slice(row * header.ContextLength * header.HiddenSize, real * header.HiddenSize);
            OutputCheck.RequireFinite(row, header.HiddenSize, states);
            if (header.HiddenForm != HiddenForm.Fp16)
            {
                _hidden.Encode(states, encoded.HiddenOf(row, real));
            }
        }

        bits.Flush();
        encoded.Set(row, bits, new(real, tokens, most, capped));
    }

    /// <summary>Where a batch's encoded states are: float16 is the teacher's copy on the host, as it is.</summary>
    private Tensor? HiddenFor(TeacherTargets here, int rows) => here.MeanHidden is not { } mean ? null
        : (header.HiddenForm == HiddenForm.Fp16 ? mean.alias() : empty([rows, header.ContextLength, header.HiddenBytes], ScalarType.Byte)).DetachFromDisposeScope();

    /// <summary>The log-probabilities of the used slots, which come first.</summary>
    private static ReadOnlySpan<float> UsedOf(ReadOnlySpan<float> slots)
    {
        var used = slots.IndexOf(float.NegativeInfinity);
        return used < 0 ? slots : slots[..used];
    }

    private static double MassOf(ReadOnlySpan<float> logProbabilities)
    {
        var mass = 0.0;
        foreach (var log in logProbabilities)
        {
            mass += MathF.Exp(log);
        }
        return mass;
    }

    private ReadOnlySpan<T> RowOf<T>(Tensor tensor, int row)
        where T : unmanaged
    {
        var length = header.ContextLength * (int)tensor.shape[1];
        return MemoryMarshal.Cast<byte, T>(tensor.bytes).Slice(row * length, length);
    }
}
