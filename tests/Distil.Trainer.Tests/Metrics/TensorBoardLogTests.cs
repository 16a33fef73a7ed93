using System.Buffers.Binary;
using Distil.Trainer.Metrics;
using Distil.Trainer.Tests.Training;
using Google.Protobuf;

namespace Distil.Trainer.Tests.Metrics;

/// <summary>Decodes the files with Google's own protobuf reader.</summary>
public sealed class TensorBoardLogTests
{
    [Fact]
    public void Begins_with_the_version_and_the_step_from_which_it_counts()
    {
        using var folder = new TemporaryFolder();
        var records = Written(folder, 7);
        Assert.Contains(records[0], field => field is { Number: 3, Value: ByteString text } && text.ToStringUtf8() == "brain.Event:2");
        Assert.Contains(records[1], field => field is { Number: 2, Value: 7L });
        var session = (ByteString)records[1].Single(field => field.Number == 7).Value;
        Assert.Equal([(1, 1L)], Fields(session.ToByteArray()).Select(field => (field.Number, (long)field.Value)));
    }

    [Fact]
    public void Holds_each_steps_numbers_under_readable_names()
    {
        using var folder = new TemporaryFolder();
        var records = Written(folder, 7, 7, 8);
        Assert.Equal([7L, 8L], records.Skip(2).Select(record => (long)record.Single(field => field.Number == 2).Value));
        var summary = (ByteString)records[3].Single(field => field.Number == 5).Value;
        var values = Fields(summary.ToByteArray()).Select(item => Fields(((ByteString)item.Value).ToByteArray()).ToArray())
            .ToDictionary(item => ((ByteString)item[0].Value).ToStringUtf8(), item => (float)item[1].Value);
        Assert.Equal(2.5f, values["loss/total"]);
        Assert.Equal(1e-3f, values["schedule/learning_rate"]);
        Assert.DoesNotContain("loss/kl", values.Keys);
    }

    private static List<(int Number, object Value)[]> Written(TemporaryFolder folder, long next, params long[] steps)
    {
        string path;
        using (var log = new TensorBoardLog(folder.Path, next, TimeProvider.System))
        {
            path = log.Path;
            foreach (var step in steps)
            {
                log.Write(MetricsLogTests.Step(step));
            }
        }

        Assert.StartsWith("events.out.tfevents.", Path.GetFileName(path));
        return [.. Records(File.ReadAllBytes(path)).Select(record => Fields(record).ToArray())];
    }

    private static IEnumerable<byte[]> Records(byte[] file)
    {
        for (var at = 0; at < file.Length;)
        {
            var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(at));
            Assert.Equal(TensorBoardLog.Masked(file.AsSpan(at, 8)), BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 8)));
            var data = file.AsSpan(at + 12, length).ToArray();
            Assert.Equal(TensorBoardLog.Masked(data), BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 12 + length)));
            yield return data;
            at += 16 + length;
        }
    }

    private static List<(int Number, object Value)> Fields(byte[] message)
    {
        var fields = new List<(int, object)>();
        var input = new CodedInputStream(message);
        while (input.ReadTag() is var tag and not 0)
        {
            fields.Add((WireFormat.GetTagFieldNumber(tag), WireFormat.GetTagWireType(tag) switch
            {
                WireFormat.WireType.Varint => input.ReadInt64(),
                WireFormat.WireType.Fixed64 => input.ReadDouble(),
                WireFormat.WireType.Fixed32 => input.ReadFloat(),
                _ => (object)input.ReadBytes(),
            }));
        }

        return fields;
    }
}
