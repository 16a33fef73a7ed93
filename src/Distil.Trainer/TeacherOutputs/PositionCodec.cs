using System.Numerics;
using System.Runtime.CompilerServices;

namespace Distil.Trainer.TeacherOutputs;

/// <summary>The bits of one position: the number of tokens, their ids in ascending order, their log-probabilities, and the tail at each node.</summary>
/// <remarks>
/// Ids are stored as gaps and log-probabilities as steps of √(−log p) below that of the position's least probable token, both in Golomb–Rice codes with a
/// parameter for each position. They take about log2(V/K) + 1.5 and 5–7 bits a token.
/// </remarks>
internal sealed class PositionCodec(TeacherOutputsHeader header)
{
    private const int IdParameterBits = 5, ValueParameterBits = 4, ValueBits = 16, TailBits = 16;
    private const uint NoTail = (1 << TailBits) - 1;
    private const float LowestTail = -48, TailSteps = 1024;

    private readonly int _countBits = BitOperations.Log2((uint)Math.Min(header.MaxTokens, header.VocabularySize)) + 1;
    private readonly double _step = header.LogProbabilityStep;

    /// <param name="bits">Receives the bits.</param>
    /// <param name="ids">Kept tokens, in any order.</param>
    /// <param name="logProbabilities">Their log-probabilities, ≤ 0.</param>
    /// <param name="tail">Its log-sum at each node; −inf if there is no tail.</param>
    [SkipLocalsInit]
    internal void Encode(BitWriter bits, ReadOnlySpan<long> ids, ReadOnlySpan<float> logProbabilities, ReadOnlySpan<float> tail)
    {
        // Each pair is sorted as one number, with the id above the value.
        Span<ulong> kept = ids.Length <= 1024 ? stackalloc ulong[ids.Length] : new ulong[ids.Length];
        var (highest, sum) = (0u, 0ul);
        for (var i = 0; i < kept.Length; i++)
        {
            var value = (uint)Math.Min(Math.Round(Math.Sqrt(Math.Max(0, -logProbabilities[i])) / _step), (1 << ValueBits) - 1);
            highest = Math.Max(highest, value);
            sum += value;
            kept[i] = ((ulong)ids[i] << ValueBits) | value;
        }

        kept.Sort();
        sum = (ulong)kept.Length * highest - sum;
        var idParameter = BitWriter.RiceParameter(kept[^1] >> ValueBits, kept.Length);
        var valueParameter = Math.Min(BitWriter.RiceParameter(sum, kept.Length), (1 << ValueParameterBits) - 1);
        bits.Write((uint)kept.Length, _countBits);
        bits.Write((uint)idParameter, IdParameterBits);
        bits.Write((uint)valueParameter, ValueParameterBits);
        bits.Write(highest, ValueBits);
        var next = 0u;
        foreach (var each in kept)
        {
            var id = (uint)(each >> ValueBits);
            bits.WriteRice(id - next, idParameter, highest - (uint)(each & ((1 << ValueBits) - 1)), valueParameter);
            next = id + 1;
        }

        foreach (var node in tail)
        {
            bits.Write(float.IsNegativeInfinity(node) ? NoTail : (uint)Math.Clamp(MathF.Round((node - LowestTail) * TailSteps), 0, NoTail - 1), TailBits);
        }
    }

    /// <summary>Reads a position into slots; unused slots repeat the first id with log-probability −inf.</summary>
    /// <exception cref="InvalidDataException">The bits are not what a writer could have written.</exception>
    internal void Decode(ref BitReader bits, Span<long> ids, Span<float> logProbabilities, Span<float> tail)
    {
        var count = (int)bits.Read(_countBits);
        if (count == 0 || count > ids.Length)
        {
            throw new InvalidDataException($"a position keeps {count} tokens, its row at most {ids.Length}");
        }
        var idParameter = (int)bits.Read(IdParameterBits);
        var valueParameter = (int)bits.Read(ValueParameterBits);
        var highest = bits.Read(ValueBits);
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
        }

        ids[count..].Fill(ids[0]);
        logProbabilities[count..].Fill(float.NegativeInfinity);
        for (var i = 0; i < tail.Length; i++)
        {
            var code = bits.Read(TailBits);
            tail[i] = code == NoTail ? float.NegativeInfinity : code / TailSteps + LowestTail;
        }
    }
}
