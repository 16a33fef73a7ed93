using System.Text;

namespace Distil.Bench.Peers;

/// <summary>Writes a file in llama.cpp's format (GGUF 3): fields, names and shapes of tensors, then their bytes.</summary>
internal sealed class GgufFile
{
    /// <summary>Where a tensor begins.</summary>
    private const int Alignment = 32;

    private readonly List<(string Key, object Value)> _fields = [];
    private readonly List<(string Name, long Columns, long Rows, GgufType Type)> _tensors = [];

    /// <value>Bytes of all tensors.</value>
    internal long TensorBytes => _tensors.Sum(tensor => BytesOf(tensor.Columns, tensor.Rows, tensor.Type));

    /// <summary>Bytes of a tensor.</summary>
    internal static long BytesOf(long columns, long rows, GgufType type) => rows * type switch
    {
        GgufType.Float32 => columns * sizeof(float),
        GgufType.Q8 => columns / 32 * 34, // a float16 scale and 32 bytes
        _ => columns / 32 * 18,           // a float16 scale and 16 bytes
    };

    /// <summary>Adds a field: text, a whole number or a float.</summary>
    internal void Add(string key, object value) => _fields.Add((key, value));

    /// <summary>Adds a tensor, (rows, columns); a vector has no rows of its own.</summary>
    internal void Add(string name, long columns, long rows, GgufType type) => _tensors.Add((name, columns, rows, type));

    /// <summary>Writes the file with random weights; norms are 1.</summary>
    internal void Write(string path)
    {
        using var file = new BinaryWriter(File.Create(path));
        file.Write("GGUF"u8);
        file.Write(3);
        file.Write((long)_tensors.Count);
        file.Write((long)_fields.Count);
        foreach (var (key, value) in _fields)
        {
            Write(file, key);
            Write(file, value);
        }

        var offset = 0L;
        foreach (var (name, columns, rows, type) in _tensors)
        {
            Write(file, name);
            var isVector = type == GgufType.Float32;
            file.Write(isVector ? 1 : 2);
            file.Write(columns);
            if (!isVector)
            {
                file.Write(rows);
            }

            file.Write((int)type);
            file.Write(offset);
            offset += Aligned(BytesOf(columns, rows, type));
        }

        var random = new Random(1);
        foreach (var (_, columns, rows, type) in _tensors)
        {
            file.Write(new byte[Aligned(file.BaseStream.Position) - file.BaseStream.Position]);
            WriteBlocks(file, BytesOf(columns, rows, type), type, random);
        }

        file.Write(new byte[Aligned(file.BaseStream.Position) - file.BaseStream.Position]);
    }

    private static long Aligned(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;

    private static void Write(BinaryWriter file, string text)
    {
        file.Write((long)Encoding.UTF8.GetByteCount(text));
        file.Write(Encoding.UTF8.GetBytes(text));
    }

    private static void Write(BinaryWriter file, object value)
    {
        switch (value)
        {
            case string text:
                file.Write(8);
                Write(file, text);
                break;
            case float number:
                file.Write(6);
                file.Write(number);
                break;
            default:
                file.Write(4);
                file.Write(Convert.ToUInt32(value, null));
                break;
        }
    }

    private static void WriteBlocks(BinaryWriter file, long bytes, GgufType type, Random random)
    {
        if (type == GgufType.Float32)
        {
            for (var i = 0L; i < bytes; i += sizeof(float))
            {
                file.Write(1f);
            }

            return;
        }

        var size = (int)BytesOf(32, 1, type);
        var blocks = new byte[4096 * size];
        for (var left = bytes; left > 0; left -= blocks.Length)
        {
            random.NextBytes(blocks);
            for (var at = 0; at < blocks.Length; at += size)
            {
                BitConverter.TryWriteBytes(blocks.AsSpan(at), (Half)(type == GgufType.Q8 ? 0.0004 : 0.005));
            }

            file.Write(blocks, 0, (int)Math.Min(left, blocks.Length));
        }
    }
}

/// <summary>How a tensor of a GGUF file is stored.</summary>
internal enum GgufType
{
    /// <summary>float32.</summary>
    Float32 = 0,

    /// <summary>4-bit integers, a float16 scale for 32 of them.</summary>
    Q4 = 2,

    /// <summary>8-bit integers, a float16 scale for 32 of them.</summary>
    Q8 = 8,
}
