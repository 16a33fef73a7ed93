namespace Distil.Trainer.Datasets.Sources;

/// <summary>Walks over a structure in Thrift's compact protocol and checks that it is whole and that its known fields have the expected types.</summary>
/// <param name="bytes">The bytes of the structure.</param>
/// <param name="known">The fields of the known structures, by structure and id; see <see cref="ParquetStructures"/>.</param>
/// <param name="what">What the bytes are, for messages: <c>footer</c>.</param>
internal sealed class ThriftStructure(byte[] bytes, IReadOnlyDictionary<string, IReadOnlyDictionary<short, string>> known, string what)
{
    private const int Stop = 0, True = 1, False = 2, I8 = 3, I16 = 4, I32 = 5, I64 = 6, Double = 7, Binary = 8, List = 9, Structure = 12;

    // A varint of 64 bits has 7 of them in a byte; a longer list states its length behind a marker.
    private const int VarintBytes = 10, LongList = 15, MaxDepth = 32;

    private readonly Dictionary<(string Structure, short Field), long> _numbers = [];
    private int _at;
    private int _depth;

    /// <value>Number of bytes that have been walked over.</value>
    internal int Length => _at;

    /// <summary>A whole number that was found; of several structures of one name, the last one's.</summary>
    /// <param name="structure">The structure's name.</param>
    /// <param name="field">The field's id.</param>
    /// <param name="otherwise">The result if there is none.</param>
    internal long Number(string structure, short field, long otherwise = 0) => _numbers.TryGetValue((structure, field), out var number) ? number : otherwise;

    /// <summary>Walks over the structure.</summary>
    /// <param name="name">Its name among the known structures; null for an unknown one, which must have no field.</param>
    /// <exception cref="EndOfStreamException">The structure is cut.</exception>
    /// <exception cref="InvalidDataException">A field has another type than expected.</exception>
    internal void Check(string? name)
    {
        if (++_depth > MaxDepth)
        {
            throw Damaged($"has over {MaxDepth} structures in each other");
        }

        short id = 0;
        for (var header = Next(); header != Stop; header = Next())
        {
            var step = header >> 4;
            id = step == 0 ? (short)Varint() : (short)(id + step);
            var type = header & 0x0f;
            var expected = name is null ? throw Damaged($"has a structure of an unknown kind") : known[name].GetValueOrDefault(id);
            var number = Value(type, expected, $"field {id} of {name}", inList: false);
            if (number is not null)
            {
                _numbers[(name, id)] = number.Value;
            }
        }

        _depth--;
    }

    /// <returns>The value of a whole number; null for other types.</returns>
    private long? Value(int type, string? expected, string place, bool inList)
    {
        if (expected is not null && NameOf(type) != (expected[0] is '[' ? "list" : known.ContainsKey(expected) ? "struct" : expected))
        {
            throw Damaged($"states {NameOf(type)} for {place}; expected {expected}");
        }

        switch (type)
        {
            case True or False when !inList:
                return null;
            case I8:
                Skip(sizeof(byte));
                return null;
            case I16 or I32 or I64:
                var zigzag = (long)Varint();
                return (zigzag >>> 1) ^ -(zigzag & 1);
            case Double:
                Skip(sizeof(double));
                return null;
            case Binary:
                Skip(Count());
                return null;
            case List:
                Elements(expected?[1..^1], place);
                return null;
            case Structure:
                Check(expected);
                return null;
            default:
                throw Damaged($"states the type {type} for {place}");
        }
    }

    private void Elements(string? expected, string place)
    {
        var header = Next();
        var count = header >> 4 is var few and < LongList ? few : Count();
        for (var element = 0; element < count; element++)
        {
            Value(header & 0x0f, expected, place, inList: true);
        }
    }

    /// <summary>The number of bytes of a text, or of elements of a list: each element has a byte at least.</summary>
    private int Count() => Varint() is var count && count <= (ulong)(bytes.Length - _at) ? (int)count : throw Cut();

    private ulong Varint()
    {
        ulong value = 0;
        for (var read = 0; read < VarintBytes; read++)
        {
            var next = Next();
            value |= (ulong)(next & 0x7f) << (7 * read);
            if ((next & 0x80) == 0)
            {
                return value;
            }
        }

        throw Damaged($"has a number of over {VarintBytes} bytes");
    }

    private int Next() => _at < bytes.Length ? bytes[_at++] : throw Cut();

    private void Skip(int count) => _at = count <= bytes.Length - _at ? _at + count : throw Cut();

    private EndOfStreamException Cut() => new($"its {what} ends too early (byte {_at} of {bytes.Length})");

    private InvalidDataException Damaged(string fault) => new($"its {what} {fault} (byte {_at} of {bytes.Length})");

    private static string NameOf(int type) => type switch
    {
        True or False => "bool",
        I8 => "i8",
        I16 => "i16",
        I32 => "i32",
        I64 => "i64",
        Double => "double",
        Binary => "binary",
        List => "list",
        Structure => "struct",
        _ => $"type {type}",
    };
}
