using System.Numerics;
using System.Runtime.CompilerServices;

namespace Distil.Trainer.TeacherOutputs;

/// <summary>The bits of one position: the number of tokens, their ids in ascending order, their log-probabilities, and the tail at each node; then tokens drawn
/// from the tail, if there are any, in the same way and with how often each was drawn.</summary>
/// <remarks>
/// Ids are stored as gaps and log-probabilities as steps of √(−log p) below that of the position's least probable token, both in Golomb–Rice codes with a
/// parameter for each position. They take about log2(V/K) + 1.5 and 5–7 bits a token.
/// </remarks>
internal sealed class PositionCodec(TeacherOutputsHeader header)
{
    private const int IdParameterBits = 5, ValueParameterBits = 4, ValueBits = 16, TailBits = 16;
    private const uint NoTail = (1 << TailBits) - 1, ValueMask = (1 << ValueBits) - 1;
    private const float LowestTail = -48, TailSteps = 1024;

    private readonly int _countBits = BitOperations.Log2((uint)Math.Min(header.MaxTokens, header.VocabularySize)) + 1;
    private readonly int _drawBits = BitOperations.Log2((uint)Math.Max(1, header.TailDraws)) + 1;
    private readonly double _step = header.LogProbabilityStep;

    /// <param name="bits">Receives the bits.</param>
    /// <param name="ids">Kept tokens, in any order.</param>
    /// <param name="logProbabilities">Their log-probabilities, ≤ 0.</param>
    /// <param name="tail">Its log-sum at each node; −inf if there is no tail.</param>
    /// <param name="drawnIds">Tokens drawn from the tail, in any order; without effect if the header has no draws.</param>
    /// <param name="drawnLogs">Their log-probabilities.</param>
    /// <param name="counts">How often each was drawn.</param>
    internal void Encode(
        BitWriter bits, ReadOnlySpan<long> ids, ReadOnlySpan<float> logProbabilities, ReadOnlySpan<float> tail,
        ReadOnlySpan<long> drawnIds, ReadOnlySpan<float> drawnLogs, ReadOnlySpan<float> counts)
    {
        EncodeTokens(bits, _countBits, ids, logProbabilities, []);
        foreach (var node in tail)
        {
            bits.Write(float.IsNegativeInfinity(node) ? NoTail : (uint)Math.Clamp(MathF.Round((node - LowestTail) * TailSteps), 0, NoTail - 1), TailBits);
        }

        if (header.TailDraws > 0)
        {
            EncodeTokens(bits, _drawBits, drawnIds, drawnLogs, counts);
        }
    }

    /// <summary>Reads a position into slots, those of the draws last; unused slots repeat the first id with log-probability −inf.</summary>
    /// <exception cref="InvalidDataException">The bits are not what a writer could have written.</exception>
    internal void Decode(ref BitReader bits, Span<long> ids, Span<float> logProbabilities, Span<float> tail, Span<float> counts)
    {
        var slots = ids.Length - counts.Length;
        if (DecodeTokens(ref bits, _countBits, ids[..slots], logProbabilities[..slots], []) == 0)
        {
            throw new InvalidDataException("a position keeps 0 tokens");
        }

        for (var i = 0; i < tail.Length; i++)
        {
            var code = bits.Read(TailBits);
            tail[i] = code == NoTail ? float.NegativeInfinity : code / TailSteps + LowestTail;
        }

        if (counts.Length > 0)
        {
            var drawn = DecodeTokens(ref bits, _drawBits, ids[slots..], logProbabilities[slots..], counts);
            ids[(slots + drawn)..].Fill(ids[0]);
        }
    }

    [SkipLocalsInit]
    private void EncodeTokens(BitWriter bits, int countBits, ReadOnlySpan<long> ids, ReadOnlySpan<float> logProbabilities, ReadOnlySpan<float> counts)
    {
        bits.Write((uint)ids.Length, countBits);
        if (ids.IsEmpty)
        {
            return;
        }

        // Each token is sorted as one number, with the id above the value, and the value above how often it was drawn.
        Span<ulong> kept = ids.Length <= 1024 ? stackalloc ulong[ids.Length] : new ulong[ids.Length];
        var (highest, sum) = (0u, 0ul);
        for (var i = 0; i < kept.Length; i++)
        {
            var value = (uint)Math.Min(Math.Round(Math.Sqrt(Math.Max(0, -logProbabilities[i])) / _step), (1 << ValueBits) - 1);
            highest = Math.Max(highest, value);
            sum += value;
            kept[i] = ((ulong)ids[i] << (2 * ValueBits)) | (value << ValueBits) | (counts.IsEmpty ? 0 : (uint)counts[i]);
        }

        kept.Sort();
        sum = (ulong)kept.Length * highest - sum;
        var idParameter = BitWriter.RiceParameter(kept[^1] >> (2 * ValueBits), kept.Length);
        var valueParameter = Math.Min(BitWriter.RiceParameter(sum, kept.Length), (1 << ValueParameterBits) - 1);
        bits.Write((uint)idParameter, IdParameterBits);
        bits.Write((uint)valueParameter, ValueParameterBits);
        bits.Write(highest, ValueBits);
        var next = 0u;
        foreach (var each in kept)
        {
            var id = (uint)(each >> (2 * ValueBits));
            bits.WriteRice(id - next, idParameter, highest - (uint)(each >> ValueBits & ValueMask), valueParameter);
            next = id + 1;
            if (!counts.IsEmpty)
            {
                bits.WriteRice((uint)(each & ValueMask) - 1, 0);
            }
        }
    }

    /// <returns>The number of tokens.</returns>
    private int DecodeTokens(ref BitReader bits, int countBits, Span<long> ids, Span<float> logProbabilities, Span<float> counts)
    {
        var count = (int)bits.Read(countBits);
        if (count > ids.Length)
        {
            throw new InvalidDataException($"a position has {count} tokens, its row at most {ids.Length}");
        }

        if (count > 0)
        {
            var (idParameter, valueParameter, highest) = ((int)bits.Read(IdParameterBits), (int)bits.Read(ValueParameterBits), bits.Read(ValueBits));
            var previous = -1L;
            for (var i = 0; i < count; i++)
            {
                previous += bits.ReadRice(idParameter) + 1L;
                if (previous >= header.VocabularySize)
                {
                    throw new InvalidDataException($"token {previous} is outside the vocabulary of {header.VocabularySize}");
                }
                var root = ((long)highest - bits.ReadRice(valueParameter)) * _step;
                ids[i] = previous;
                logProbabilities[i] = (float)-(root * root);
                if (!counts.IsEmpty && (counts[i] = bits.ReadRice(0) + 1f) > header.TailDraws)
                {
                    throw new InvalidDataException($"a token was drawn {counts[i]} times of {header.TailDraws}");
                }
            }

            ids[count..].Fill(ids[0]);
        }

        logProbabilities[count..].Fill(float.NegativeInfinity);
        if (!counts.IsEmpty)
        {
            counts[count..].Clear();
        }
        return count;
    }
}
