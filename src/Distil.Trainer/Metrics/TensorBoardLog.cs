using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using Distil.Core;
using Distil.Core.Documents;

namespace Distil.Trainer.Metrics;

/// <summary>Writes a TensorBoard event file: TFRecords of scalar summaries.</summary>
/// <remarks>A resumed training writes a new file; its first record states from which step on it replaces earlier ones.</remarks>
public sealed class TensorBoardLog : IDisposable
{
    private readonly FileStream _file;
    private readonly TimeProvider _time;

    /// <param name="folder">Created if it does not exist.</param>
    /// <param name="nextGlobalStep">The step that will be written next.</param>
    /// <param name="time">Used for the file's name and the records' times.</param>
    public TensorBoardLog(string folder, long nextGlobalStep, TimeProvider time)
    {
        Directory.CreateDirectory(folder);
        _time = time;
        var name = string.Create(
            CultureInfo.InvariantCulture, $"events.out.tfevents.{time.GetUtcNow().ToUnixTimeSeconds():0000000000}.{nextGlobalStep:000000}.distil");
        Path = System.IO.Path.Combine(folder, name);
        _file = new FileStream(Path, FileMode.Create, FileAccess.Write, FileShare.Read);
        Append(TensorBoardEvent.FileVersion(Now));
        Append(TensorBoardEvent.Start(Now, nextGlobalStep));
        Flush();
    }

    /// <value>Path of the file.</value>
    public string Path { get; }

    private double Now => (_time.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalSeconds;

    /// <summary>Appends a step's numbers, under <c>loss/</c>, <c>schedule/</c> and <c>training/</c>.</summary>
    public void Write(StepMetrics step)
    {
        (string Tag, double? Value)[] values =
        [
            ("loss/total", step.Loss), ("loss/cross_entropy", step.CrossEntropy), ("loss/kl", step.Kl), ("loss/alignment", step.Alignment),
            ("schedule/alpha", step.Alpha), ("schedule/temperature", step.Temperature), ("schedule/beta", step.Beta),
            ("schedule/learning_rate", step.LearningRate), ("training/gradient_norm", step.GradientNorm),
            ("training/tokens_per_second", step.TokensPerSecond),
        ];
        Append(TensorBoardEvent.Scalars(Now, step.GlobalStep, values.Where(item => item.Value is not null).Select(item => (item.Tag, item.Value!.Value))));
    }

    /// <summary>Flushes to the operating system, so that a reader sees what was written.</summary>
    public void Flush() => _file.Flush();

    /// <inheritdoc />
    public void Dispose() => _file.Dispose();

    /// <summary>Writes a TFRecord: length, its checksum, data, its checksum.</summary>
    private void Append(byte[] data)
    {
        Span<byte> header = stackalloc byte[12];
        BinaryPrimitives.WriteUInt64LittleEndian(header, (ulong)data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], Masked(header[..8]));
        Span<byte> footer = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(footer, Masked(data));
        _file.Write(header);
        _file.Write(data);
        _file.Write(footer);
    }

    /// <summary>The checksum that TFRecord files store: a CRC-32C, masked so that the checksum of data that contains checksums stays strong.</summary>
    internal static uint Masked(ReadOnlySpan<byte> data) => BitOperations.RotateRight(Crc32C.Of(data), 15) + 0xa282ead8;
}
