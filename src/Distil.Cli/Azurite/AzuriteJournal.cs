using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Distil.Cli.Azurite;

/// <summary>The journal of one file of Azurite's index, which tools/azurite/journal.cjs writes: a line is a checksum, a space and a document.</summary>
/// <remarks>The first line names the index that the journal follows; each checksum covers the one before it. Beside the journal, a file contains the index and
/// the length that the journal had when the latest change was answered.</remarks>
internal sealed class AzuriteJournal(string index)
{
    /// <summary>More than Node.js can read: a journal is at most as long as its index, which is one string there.</summary>
    private const long MostBytes = 512L << 20;

    private const int Digits = 16;

    /// <value>The file.</value>
    public string Path { get; } = index + ".log";

    /// <value>The file with its length.</value>
    private string LengthPath => Path + ".bytes";

    /// <summary>The checksum of a text, after another checksum or nothing.</summary>
    public static string Checksum(string before, ReadOnlySpan<byte> text)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.ASCII.GetBytes(before));
        hash.AppendData(text);
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..Digits];
    }

    /// <summary>Why the journal cannot be used; null if it can, or if there is none and none is missing.</summary>
    /// <remarks>A line at its end that was cut when the server was killed was never answered, and is no fault.</remarks>
    public string? Fault()
    {
        if (!File.Exists(Path) && !File.Exists(LengthPath))
        {
            return null;
        }

        var (bytes, wrong) = Read(Path);
        if (wrong is not null)
        {
            return wrong;
        }

        if (ReadLength() is not { } noted)
        {
            return File.Exists(LengthPath) ? $"{LengthPath} is damaged" : $"{LengthPath} does not exist";
        }

        // Killed right after an index was written, the server leaves the journal and the length of the one before.
        var now = Checksum("", File.ReadAllBytes(index));
        var (whole, after, fault) = Examine(bytes);
        var before = noted.After == now && (whole == 0 || after == now) ? now : Lasting();
        if (fault is not null || (whole > 0 && after != now && after != before) || (noted.After != now && noted.After != before))
        {
            return fault ?? "it follows another index than the one beside it";
        }

        var answered = noted.After == now ? noted.Bytes : 0;
        return whole < answered || (whole > 0 && after != noted.After)
            ? string.Create(CultureInfo.InvariantCulture, $"it is cut: it has {whole} bytes of whole lines; expected {answered}")
            : null;
    }

    /// <summary>Makes one journal of what is good of some: for the index before, of its own and of the damaged index's.</summary>
    /// <param name="journals">The files, in the order in which they were written.</param>
    /// <returns>Why something was left out; null if all of them are whole.</returns>
    public string? Replace(IEnumerable<string> journals)
    {
        var (good, fault, follows) = (new MemoryStream(), (string?)null, Checksum("", File.ReadAllBytes(index)));
        foreach (var path in journals.Where(File.Exists).TakeWhile(_ => fault is null))
        {
            var (bytes, wrong) = Read(path);
            var (whole, after, first) = Examine(bytes);
            if (good.Length == 0 && whole > 0 && after != follows)
            {
                fault = $"{path}: it follows another index than the one beside it";
                break;
            }

            good.Write(bytes, 0, whole);
            fault = (wrong ?? first) is { } found ? $"{path}: {found}" : null;
        }

        File.WriteAllBytes(Path, good.ToArray());
        File.WriteAllText(LengthPath, string.Create(CultureInfo.InvariantCulture, $"{follows} {good.Length:d16}\n"));
        return fault;
    }

    private static (byte[] Bytes, string? Fault) Read(string path) => !File.Exists(path) ? ([], null)
        : new FileInfo(path).Length is var length && length > MostBytes ? ([], $"it has {length} bytes; expected at most {MostBytes}")
        : (File.ReadAllBytes(path), null);

    private string? Lasting() => File.Exists(index + ".last") ? Checksum("", File.ReadAllBytes(index + ".last")) : null;

    private (string After, long Bytes)? ReadLength()
    {
        var parts = File.Exists(LengthPath) && new FileInfo(LengthPath).Length < 100 ? File.ReadAllText(LengthPath).Split(' ') : [];
        return parts is [{ Length: Digits } after, { Length: Digits + 1 } number] && number[^1] == '\n'
            && long.TryParse(number.AsSpan(0, Digits), NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) ? (after, bytes) : null;
    }

    // The bytes of the good lines, the index that they follow, and what is wrong with the line after them.
    private static (int Whole, string? After, string? Fault) Examine(byte[] bytes)
    {
        var (at, number, sum, after) = (0, 1, "", (string?)null);
        for (; bytes.AsSpan(at).IndexOf((byte)'\n') is var length and >= 0; at += length + 1, number++)
        {
            var line = bytes.AsSpan(at, length);
            var header = length > Digits && line[Digits] == ' ' ? Follows(line[(Digits + 1)..]) : null;
            sum = length > Digits && line[Digits] == ' ' && (number > 1 || header is not null)
                ? Checksum(header is null ? sum : "", line[(Digits + 1)..])
                : "";
            if (sum.Length == 0 || !line.StartsWith(Encoding.ASCII.GetBytes(sum)))
            {
                return (at, after, $"its line {number} is damaged, or not the one that was written there");
            }

            after ??= header;
        }

        return (at, after, null);
    }

    // Of the first line of a journal, and of those that a repair has put together.
    private static string? Follows(ReadOnlySpan<byte> document)
    {
        if (!document.StartsWith("{\"after\":"u8))
        {
            return null;
        }

        try
        {
            var reader = new Utf8JsonReader(document);
            return JsonElement.ParseValue(ref reader).GetProperty("after").GetString();
        }
        catch (Exception damaged) when (damaged is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
