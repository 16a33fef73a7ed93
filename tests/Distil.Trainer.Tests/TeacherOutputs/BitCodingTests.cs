using CsCheck;
using Distil.Fuzzing;
using Distil.Trainer.TeacherOutputs;

namespace Distil.Trainer.Tests.TeacherOutputs;

public sealed class BitCodingTests
{
    [Fact]
    public void What_is_written_is_read() =>
        Gen.Select(Gen.UInt[0, 200_000], Gen.Int[0, 18], Gen.Bool).Array[0, 300].Each(pieces =>
        {
            using var writer = new BitWriter();
            foreach (var (value, bits, rice) in pieces)
            {
                if (rice)
                {
                    writer.WriteRice(value % 3000, Math.Min(bits, 12));
                }
                else
                {
                    writer.Write(value & ((1u << bits) - 1), bits);
                }
            }

            writer.Flush();
            var reader = new BitReader(writer.Written);
            foreach (var (value, bits, rice) in pieces)
            {
                if (rice)
                {
                    Assert.Equal(value % 3000, reader.ReadRice(Math.Min(bits, 12)));
                }
                else
                {
                    Assert.Equal(value & ((1u << bits) - 1), reader.Read(bits));
                }
            }
        });

    [Fact]
    public void A_position_comes_back_within_the_stated_error_of_its_log_probabilities()
    {
        var header = TeacherOutputsHeader.For(new() { InverseTemperatures = [0.5, 1] }, contextLength: 1, vocabularySize: 151_936, hiddenSize: 0);
        var step = header.LogProbabilityStep;
        Gen.Select(Gen.Int[0, 151_935], Gen.Float[-40, 0]).Array[1, 128]
            .Where(kept => kept.Select(k => k.Item1).Distinct().Count() == kept.Length).Each(kept =>
        {
            var (ids, logs) = (kept.Select(k => (long)k.Item1).ToArray(), kept.Select(k => k.Item2).ToArray());
            using var writer = new BitWriter();
            new PositionCodec(header).Encode(writer, ids, logs, [-1.5f, float.NegativeInfinity], [], [], []);
            writer.Flush();
            Array.Sort(ids, logs);

            var (readIds, readLogs, tail) = (new long[128], new float[128], new float[2]);
            var reader = new BitReader(writer.Written);
            new PositionCodec(header).Decode(ref reader, readIds, readLogs, tail, []);

            Assert.Equal(ids, readIds[..ids.Length]);
            Assert.All(readIds[ids.Length..], id => Assert.Equal(ids[0], id));
            Assert.All(readLogs[ids.Length..], log => Assert.Equal(float.NegativeInfinity, log));
            for (var i = 0; i < logs.Length; i++)
            {
                Assert.InRange(Math.Abs(logs[i] - readLogs[i]), 0, step * Math.Sqrt(-logs[i]) + step * step / 4 + 1e-5);
            }
            Assert.Equal(-1.5f, tail[0], 1e-3f);
            Assert.Equal(float.NegativeInfinity, tail[1]);
        });
    }
}
