using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;
using CsCheck;

namespace Distil.Fuzzing;

/// <summary>Bytes and documents, some derived from valid ones and some arbitrary.</summary>
internal static class Mutations
{
    private static readonly long[] Telling =
        [0, 1, -1, 2, 7, 8, 255, 256, short.MaxValue, ushort.MaxValue, int.MaxValue, int.MinValue, uint.MaxValue, long.MaxValue, long.MinValue, 1L << 40];

    private static readonly string[] Values =
    [
        "null", "true", "0", "1", "-1", "0.5", "1e308", "1e400", "2147483648", "-9223372036854775809", "9223372036854775807",
        "\"\"", "\"x\"", "\"..\"", "\"/etc/passwd\"", "\"\\ud800\"", "\"\\u0000\"",
        "[]", "{}", "[null]", "[[]]", "[{}]", "{\"\":null}", $"\"{new string('y', 20_000)}\"", $"[{string.Join(',', Enumerable.Repeat("1", 2_000))}]",
        $"{new string('[', 50)}{new string(']', 50)}", $"{new string('[', 500)}{new string(']', 500)}",
    ];

    /// <summary>Any bytes, up to a few hundred.</summary>
    public static Gen<byte[]> Arbitrary { get; } = Gen.Byte.Array[0, 400];

    /// <summary>Valid bytes with one to six changes: bits, numbers, cuts, repeats, insertions.</summary>
    public static Gen<byte[]> Of(byte[] valid) =>
        Gen.Select(Gen.Int[0, 6], Gen.Int[0, int.MaxValue], Gen.Int[0, int.MaxValue], Gen.Int[0, 255]).Array[1, 6]
            .Select(changes => changes.Aggregate(
                valid, (bytes, change) => bytes.Length == 0 ? bytes : Change(bytes, change.Item1, change.Item2, change.Item3, (byte)change.Item4)));

    /// <summary>A valid document with one to three of its values replaced, removed or duplicated.</summary>
    public static Gen<string> OfJson(string valid) =>
        Gen.Select(Gen.Int[0, int.MaxValue], Gen.Int[0, Values.Length + 2]).Array[1, 3].Select(
            changes => changes.Aggregate(valid, (text, change) => ChangeJson(text, change.Item1, change.Item2)));

    /// <summary>A valid file of weights with one to three values of its header replaced, removed or duplicated.</summary>
    public static Gen<byte[]> OfSafetensors(byte[] valid)
    {
        var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(valid);
        return OfJson(Encoding.UTF8.GetString(valid, sizeof(ulong), length)).Select(header =>
        {
            var json = Encoding.UTF8.GetBytes(header);
            return (byte[])[.. BitConverter.GetBytes((ulong)json.Length), .. json, .. valid[(sizeof(ulong) + length)..]];
        });
    }

    private static byte[] Change(byte[] bytes, int kind, int place, int size, byte value)
    {
        var at = place % bytes.Length;
        var changed = (byte[])bytes.Clone();
        switch (kind)
        {
            case 0:
                changed[at] ^= (byte)(1 << (value % 8));
                return changed;
            case 1:
                changed[at] = value;
                return changed;
            case 2 when at + sizeof(int) <= bytes.Length:
                BinaryPrimitives.WriteInt32LittleEndian(changed.AsSpan(at), unchecked((int)Telling[size % Telling.Length]));
                return changed;
            case 3 when at + sizeof(long) <= bytes.Length:
                BinaryPrimitives.WriteInt64LittleEndian(changed.AsSpan(at), Telling[size % Telling.Length]);
                return changed;
            case 4:
                return bytes[..at];
            case 5:
                return [.. bytes[..at], .. bytes[(at / 2)..]];
            default:
                return [.. bytes[..at], .. Enumerable.Repeat(value, 1 + (size % 32)), .. bytes[at..]];
        }
    }

    private static string ChangeJson(string text, int place, int kind)
    {
        try
        {
            return ChangeNode(JsonNode.Parse(text)!, text, place, kind);
        }
        catch (Exception unreadable) when (unreadable is System.Text.Json.JsonException or ArgumentException or InvalidOperationException)
        {
            return text; // an earlier change went as far as this one could
        }
    }

    private static string ChangeNode(JsonNode root, string text, int place, int kind)
    {
        var nodes = new List<JsonNode>();
        Collect(root, nodes);
        if (nodes.Count == 0)
        {
            return Value(kind);
        }

        var chosen = nodes[place % nodes.Count];
        var raw = chosen.ToJsonString();
        if (kind < Values.Length)
        {
            // Uses a placeholder, so that text which no JsonNode can represent is preserved.
            chosen.ReplaceWith(JsonValue.Create("\u0001mark"));
            return root.ToJsonString().Replace("\"\\u0001mark\"", Value(kind), StringComparison.Ordinal);
        }

        switch (chosen.Parent)
        {
            case JsonArray list:
                list.Remove(chosen);
                return root.ToJsonString();
            case JsonObject parent when kind == Values.Length:
                parent.Remove(chosen.GetPropertyName());
                return root.ToJsonString();
            case JsonObject:
                var name = chosen.GetPropertyName();
                chosen.ReplaceWith(JsonValue.Create("\u0001mark"));
                return root.ToJsonString().Replace(
                    "\"\\u0001mark\"", $"{raw},\"{name}{(kind == Values.Length + 1 ? "" : "x")}\":{raw}", StringComparison.Ordinal);
            default:
                return text;
        }
    }

    private static string Value(int kind) => Values[kind % Values.Length];

    private static void Collect(JsonNode? node, List<JsonNode> into)
    {
        foreach (var child in node switch { JsonObject map => map.Select(pair => pair.Value), JsonArray list => list, _ => Enumerable.Empty<JsonNode?>() })
        {
            if (child is null || into.Count > 5_000)
            {
                continue;
            }

            into.Add(child);
            Collect(child, into);
        }
    }
}
