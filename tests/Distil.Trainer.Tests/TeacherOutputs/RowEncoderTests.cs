using Distil.Core;
using Distil.Trainer.TeacherOutputs;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.TeacherOutputs;

public sealed class RowEncoderTests
{
    private const int S = 24, V = 151_936, D = 4, Rows = 5, Slots = 40;

    private static readonly TeacherOutputsHeader Header = TeacherOutputsHeader.For(
        new() { Keep = new() { MaxTokens = Slots }, InverseTemperatures = TemperatureNodes.Between(1, 2), MeanHidden = true }, S, V, D);

    [Fact]
    public void Its_bytes_are_the_formats_written_bit_by_bit()
    {
        using var scope = NewDisposeScope();
        var targets = Targets();
        using var encoded = new RowEncoder(Header).Encode(targets);
        for (var row = 0; row < Rows; row++)
        {
            var (bytes, most) = BitByBit(targets, row, S);
            Assert.Equal(bytes, encoded.SparseOf(row).ToArray());
            Assert.Equal(targets.MeanHidden![row].to(ScalarType.Float16).bytes.ToArray(), encoded.HiddenOf(row).ToArray());
            Assert.Equal(new RowEntry(7, bytes.Length, S, most, Crc32C.Of([.. bytes, .. encoded.HiddenOf(row)])), encoded.Entry(row, 7));
        }
    }

    [Fact]
    public void A_row_of_a_batch_has_the_bytes_that_it_has_alone()
    {
        using var scope = NewDisposeScope();
        var targets = Targets();
        int[] lengths = [S, 3, S, 0, 17];
        using var together = new RowEncoder(Header).Encode(targets, lengths);
        for (var row = 0; row < Rows; row++)
        {
            using var alone = new RowEncoder(Header).Encode(
                targets.Slice(row * S, S) with { MeanHidden = targets.MeanHidden!.narrow(0, row, 1) }, [lengths[row]]);
            Assert.Equal(alone.SparseOf(0).ToArray(), together.SparseOf(row).ToArray());
            Assert.Equal(alone.HiddenOf(0).ToArray(), together.HiddenOf(row).ToArray());
            Assert.Equal(alone.Entry(0, 0), together.Entry(row, 0));
        }
    }

    [Theory]
    [InlineData("log", float.NaN, "row 2, position 5: a log-probability is NaN")]
    [InlineData("tail", float.NaN, "row 2, position 5: the mass of the other tokens is e^NaN")]
    [InlineData("hidden", float.NaN, "row 2, position 5: the mean hidden state has the value NaN in float16")]
    public void An_output_that_is_not_finite_is_named_and_not_encoded(string where, float value, string message)
    {
        using var scope = NewDisposeScope();
        var targets = Targets();
        _ = where switch
        {
            "log" => targets.LogProbabilities[2 * S + 5, 0] = value,
            "tail" => targets.TailLogSumExp[2 * S + 5, 1] = value,
            _ => targets.MeanHidden![2, 5, 3] = value,
        };
        Assert.Equal(message, Assert.Throws<NonFiniteOutputsException>(() => new RowEncoder(Header).Encode(targets)).Message);
        new RowEncoder(Header).Encode(targets, [S, S, 5, S, S]).Dispose(); // padding is not looked at
    }

    [Fact]
    public void What_the_cap_cuts_short_is_counted()
    {
        using var scope = NewDisposeScope();
        var logs = full([2 * S, Slots], float.NegativeInfinity);
        logs.narrow(0, 0, S).narrow(1, 0, 3).fill_(-0.1f);          // few, though not the mass: no cap
        logs.narrow(0, S, S).fill_(MathF.Log(0.9f / Slots));        // all slots, 0.9 of the mass
        logs[S, 0] = MathF.Log(0.5f);                               // one position of these has enough
        var targets = new TeacherTargets(
            arange(Slots).expand(2 * S, Slots), logs, zeros(2 * S, Header.InverseTemperatures.Count), Header.InverseTemperatures, zeros(2, S, D));
        using var encoded = new RowEncoder(Header).Encode(targets, [S, S - 2]);
        Assert.Equal(new(S, 3 * S, 3, 0), encoded.KeptOf(0));
        Assert.Equal(new(S - 2, Slots * (S - 2), Slots, S - 3), encoded.KeptOf(1));
    }

    /// <summary>Few tokens and many, near and far apart in probability, the smallest and largest ids, and tails that none are in.</summary>
    private static TeacherTargets Targets()
    {
        var random = new Random(3);
        var ids = new long[Rows * S * Slots];
        var logs = new float[ids.Length];
        for (var position = 0; position < Rows * S; position++)
        {
            var (kept, spread) = (1 + (random.Next(3) == 0 ? Slots - 1 : random.Next(Slots)), Math.Pow(10, (random.NextDouble() * 4) - 2.5));
            var chosen = new HashSet<long> { position % 3 == 0 ? 0 : V - 1 };
            while (chosen.Count < kept)
            {
                chosen.Add(position % 2 == 0 ? random.Next(V) : random.Next(2 * Slots));
            }
            for (var slot = 0; slot < Slots; slot++)
            {
                ids[(position * Slots) + slot] = slot < kept ? chosen.ElementAt(slot) : chosen.First();
                logs[(position * Slots) + slot] = slot < kept ? (float)(-spread * random.NextDouble()) : float.NegativeInfinity;
            }
        }

        var tail = rand(Rows * S, Header.InverseTemperatures.Count) * -60;
        tail[1] = float.NegativeInfinity;
        return new(tensor(ids, Rows * S, Slots), tensor(logs, Rows * S, Slots), tail, Header.InverseTemperatures, randn(Rows, S, D));
    }

    private static (byte[] Bytes, int Most) BitByBit(TeacherTargets targets, int row, int real)
    {
        var bits = new List<bool>();
        var most = 0;
        void Number(ulong value, int count)
        {
            for (var bit = 0; bit < count; bit++)
            {
                bits.Add(((value >> bit) & 1) == 1);
            }
        }

        void Rice(ulong value, int k)
        {
            for (var ones = value >> k; ones > 0; ones--)
            {
                bits.Add(true);
            }
            bits.Add(false);
            Number(value, k);
        }

        for (var position = row * S; position < (row * S) + real; position++)
        {
            var kept = targets.TokenIds[position].data<long>().ToArray().Zip(targets.LogProbabilities[position].data<float>().ToArray())
                .Where(each => !float.IsNegativeInfinity(each.Second)).OrderBy(each => each.First).ToArray();
            var values = kept.Select(each => (ulong)Math.Min(65535, Math.Round(Math.Sqrt(-each.Second) / Header.LogProbabilityStep))).ToArray();
            var (highest, sum) = (values.Max(), values.Aggregate(0UL, (sum, value) => sum + values.Max() - value));
            var (idParameter, valueParameter) = (Log2((ulong)kept[^1].First / (ulong)kept.Length), Math.Min(15, Log2(sum / (ulong)kept.Length)));
            most = Math.Max(most, kept.Length);
            Number((ulong)kept.Length, 6); // up to 40
            Number((ulong)idParameter, 5);
            Number((ulong)valueParameter, 4);
            Number(highest, 16);
            for (var i = 0; i < kept.Length; i++)
            {
                Rice((ulong)(kept[i].First - (i == 0 ? 0 : kept[i - 1].First + 1)), idParameter);
                Rice(highest - values[i], valueParameter);
            }

            foreach (var node in targets.TailLogSumExp[position].data<float>().ToArray())
            {
                Number(float.IsNegativeInfinity(node) ? 65535UL : (ulong)Math.Clamp(MathF.Round((node + 48) * 1024), 0, 65534), 16);
            }
        }

        while (bits.Count % 8 != 0)
        {
            bits.Add(false);
        }
        return ([.. bits.Chunk(8).Select(eight => (byte)eight.Index().Sum(bit => bit.Item ? 1 << bit.Index : 0))], most);
    }

    private static int Log2(ulong mean) => System.Numerics.BitOperations.Log2(Math.Max(1, mean));
}
