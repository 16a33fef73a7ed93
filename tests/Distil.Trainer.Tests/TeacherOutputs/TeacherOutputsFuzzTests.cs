using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using CsCheck;
using Distil.Core;
using Distil.Core.Errors;
using Distil.Core.Specification;
using Distil.Fuzzing;
using Distil.Trainer.TeacherOutputs;
using Distil.Trainer.Tests.Distillation;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.TeacherOutputs;

/// <summary>Files of teacher outputs that anything happened to, their checksums put right again: a checksum finds damage, not intent.</summary>
public sealed class TeacherOutputsFuzzTests : IDisposable
{
    private const int S = 8, V = 100, D = 4, Rows = 3;

    private readonly string _path = Path.Combine(Path.GetTempPath(), $"distil-{Guid.NewGuid():n}.bin");
    private readonly byte[] _valid;

    public TeacherOutputsFuzzTests()
    {
        _valid = Valid(draws: 0);
    }

    private byte[] Valid(int draws, HiddenForm form = HiddenForm.Fp16)
    {
        var settings = new ExtractionSettings { Keep = new() { TailDraws = draws, HiddenForm = form }, InverseTemperatures = TemperatureNodes.Between(1, 2), MeanHidden = true };
        using (var writer = new TeacherOutputsWriter(_path, TeacherOutputsHeader.For(settings, S, V, D)))
        {
            writer.Append(Heads.Sparse(randn(Rows, S, V) * 3, eye(V), settings, null) with { MeanHidden = randn(Rows, S, D) });
            writer.Complete();
        }

        return File.ReadAllBytes(_path);
    }

    public void Dispose() => File.Delete(_path);

    [Fact]
    public Task Arbitrary_bytes() => Hostile.EndsInAsync<InvalidInputException>(Mutations.Arbitrary, ReadAll, iterations: 300);

    [Fact]
    public Task Changed_bytes() => Hostile.EndsInAsync<InvalidInputException>(Mutations.Of(_valid), ReadAll, iterations: 500);

    [Fact]
    public Task Changed_bytes_that_every_checksum_fits() => Hostile.EndsInAsync<InvalidInputException>(Mutations.Of(_valid).Select(Seal), ReadAll);

    [Fact]
    public Task Changed_draws_that_every_checksum_fits() => Hostile.EndsInAsync<InvalidInputException>(Mutations.Of(Valid(draws: 6)).Select(Seal), ReadAll);

    [Fact]
    public Task Changed_states_of_4_bits_that_every_checksum_fits() =>
        Hostile.EndsInAsync<InvalidInputException>(Mutations.Of(Valid(draws: 0, HiddenForm.Int4)).Select(Seal), ReadAll);

    [Fact]
    public Task A_changed_index_that_every_checksum_fits()
    {
        var (rows, offset) = End(_valid);
        return Hostile.EndsInAsync<InvalidInputException>(
            Mutations.Of(_valid[(int)offset..((int)offset + (int)rows * RowEntry.Size)]).Where(index => index.Length == rows * RowEntry.Size)
                .Select(index => Seal([.. _valid[..(int)offset], .. index, .. _valid[((int)offset + index.Length)..]])), ReadAll);
    }

    [Fact]
    public Task A_changed_header_that_its_checksum_fits()
    {
        var length = BinaryPrimitives.ReadInt32LittleEndian(_valid.AsSpan(12));
        var rest = _valid[(TeacherOutputsWriter.BeginningSize + length + 4)..];
        return Hostile.EndsInAsync<InvalidInputException>(
            Mutations.OfJson(Encoding.UTF8.GetString(_valid, TeacherOutputsWriter.BeginningSize, length)).Select(WithHeader), ReadAll);

        byte[] WithHeader(string header)
        {
            var json = Encoding.UTF8.GetBytes(header);
            byte[] file = [.. _valid[..12], .. BitConverter.GetBytes(json.Length), .. json, 0, 0, 0, 0, .. rest];
            var (rows, offset) = End(file);
            var moved = json.Length - length;
            BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(file.Length - 16), offset + moved);
            for (var row = 0; row < rows; row++)
            {
                var entry = file.AsSpan((int)(offset + moved) + (row * RowEntry.Size));
                BinaryPrimitives.WriteInt64LittleEndian(entry, BinaryPrimitives.ReadInt64LittleEndian(entry) + moved);
            }

            return Seal(file);
        }
    }

    // Puts right every checksum that can be computed.
    private static byte[] Seal(byte[] file)
    {
        var sealedFile = (byte[])file.Clone();
        try
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(12));
            BinaryPrimitives.WriteUInt32LittleEndian(
                sealedFile.AsSpan(TeacherOutputsWriter.BeginningSize + length), Crc32C.Of(file.AsSpan(TeacherOutputsWriter.BeginningSize, length)));
            var hidden = JsonSerializer
                .Deserialize<TeacherOutputsHeader>(file.AsSpan(TeacherOutputsWriter.BeginningSize, length), TeacherOutputsHeader.Json)!.HiddenSize;
            var (rows, offset) = End(file);
            for (var row = 0; row < rows; row++)
            {
                var entry = RowEntry.Read(file.AsSpan((int)offset + (row * RowEntry.Size)));
                var block = file.AsSpan((int)entry.Offset, entry.SparseBytes + (entry.Positions * hidden * sizeof(ushort)));
                BinaryPrimitives.WriteUInt32LittleEndian(sealedFile.AsSpan((int)offset + (row * RowEntry.Size) + 20), Crc32C.Of(block));
            }

            var index = sealedFile.AsSpan((int)offset, (int)rows * RowEntry.Size);
            BinaryPrimitives.WriteUInt32LittleEndian(sealedFile.AsSpan(file.Length - TeacherOutputsWriter.EndSize + 16), Crc32C.Of(index));
        }
        catch (Exception outside) when (outside is ArgumentException or JsonException or NullReferenceException or InvalidOperationException)
        {
            // As far as it went.
        }

        return sealedFile;
    }

    private static (long Rows, long Offset) End(byte[] file)
    {
        var end = file.AsSpan(file.Length - TeacherOutputsWriter.EndSize);
        return (BinaryPrimitives.ReadInt64LittleEndian(end), BinaryPrimitives.ReadInt64LittleEndian(end[8..]));
    }

    private void ReadAll(byte[] bytes)
    {
        File.WriteAllBytes(_path, bytes);
        using var file = TeacherOutputsFile.Open(_path);
        for (var row = 0L; row < Math.Min(file.Rows, 10); row++)
        {
            if ((long)file.Header.ContextLength * Math.Max(1, file.Header.HiddenSize) <= 1 << 20)
            {
                // what the header may ask for, a test need not
                file.ReadRows([row], CPU).Dispose();
            }
        }
    }
}
