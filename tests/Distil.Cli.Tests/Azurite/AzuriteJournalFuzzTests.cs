using System.Text;
using CsCheck;
using Distil.Cli.Azurite;
using Distil.Core.Errors;
using Distil.Fuzzing;

namespace Distil.Cli.Tests.Azurite;

/// <summary>Journals of the local storage's index that are cut, damaged, reordered, another storage's, empty or missing.</summary>
public sealed class AzuriteJournalFuzzTests : IDisposable
{
    private const int Documents = 40;

    private readonly TemporaryWorkspace _temporary = new();
    private readonly string[] _lines;

    public AzuriteJournalFuzzTests()
    {
        Directory.CreateDirectory(Path.Combine(_temporary.Workspace.Storage, "__blobstorage__"));
        File.WriteAllText(Path.Combine(_temporary.Workspace.Storage, "__blobstorage__", "bytes"), "abc");
        foreach (var name in (string[])["__azurite_db_blob__.json", "__azurite_db_blob_extent__.json"])
        {
            File.WriteAllText(Path.Combine(_temporary.Workspace.Storage, name), """{"collections": [{"name": "$BLOBS_COLLECTION$", "data": [{"$loki": 1}]}]}""");
        }

        _lines = Journal(File.ReadAllText(Index));
        Write(string.Concat(_lines));
    }

    private string Index => Path.Combine(_temporary.Workspace.Storage, "__azurite_db_blob__.json");

    public void Dispose() => _temporary.Dispose();

    [Fact]
    public void A_whole_journal_is_used() => new AzuriteIndex(_temporary.Workspace).Require();

    [Fact]
    public Task Damaged_bytes() => Check(Mutations.Of(Encoding.UTF8.GetBytes(string.Concat(_lines))));

    [Fact]
    public Task Arbitrary_bytes() => Check(Mutations.Arbitrary);

    [Fact]
    public Task Lines_that_are_missing_twice_there_or_moved() => Check(
        Gen.Int[0, _lines.Length - 1].Array[0, _lines.Length + 2].Select(chosen => Encoding.UTF8.GetBytes(string.Concat(chosen.Select(i => _lines[i])))));

    [Fact]
    public Task Lines_of_another_storage()
    {
        var others = Journal("another index");
        return Check(Gen.Select(Gen.Int[0, _lines.Length], Gen.Int[0, others.Length], (mine, other) =>
            Encoding.UTF8.GetBytes(string.Concat(_lines[..mine]) + string.Concat(others[other..]) + string.Concat(_lines[mine..]))));
    }

    [Fact]
    public Task A_damaged_note_of_the_length() => Hostile.EndsInAsync<InvalidInputException>(
        Mutations.Of(File.ReadAllBytes($"{Index}.log.bytes")), bytes =>
        {
            File.WriteAllBytes($"{Index}.log.bytes", bytes);
            new AzuriteIndex(_temporary.Workspace).Require();
            Assert.Equal(Checksum(), Encoding.ASCII.GetString(bytes)[..16]);
        });

    [Fact]
    public Task A_repair_keeps_what_was_written_before_the_damage_and_says_what_it_did() =>
        Hostile.EndsInAsync<InvalidInputException>(Mutations.Of(Encoding.UTF8.GetBytes(string.Concat(_lines))), bytes =>
        {
            Write(string.Concat(_lines));
            File.WriteAllBytes($"{Index}.log", bytes);
            Array.ForEach(Directory.GetFiles(_temporary.Workspace.Storage, "*.damaged-*"), File.Delete);
            var done = new AzuriteIndex(_temporary.Workspace).Repair();
            new AzuriteIndex(_temporary.Workspace).Require();
            var kept = File.ReadAllText($"{Index}.log");
            Assert.StartsWith(done.Count == 0 ? string.Concat(_lines) : kept, done.Count == 0 ? kept : string.Concat(_lines), StringComparison.Ordinal);
        }, iterations: 300);

    // Used only if it has, in this order, all that was written.
    private Task Check(Gen<byte[]> journals) => Hostile.EndsInAsync<InvalidInputException>(journals, bytes =>
    {
        File.WriteAllBytes($"{Index}.log", bytes);
        try
        {
            new AzuriteIndex(_temporary.Workspace).Require();
        }
        catch (InvalidInputException refused)
        {
            Assert.StartsWith($"{Index}.log: ", refused.Message, StringComparison.Ordinal);
            throw;
        }

        Assert.StartsWith(string.Concat(_lines), Encoding.UTF8.GetString(bytes), StringComparison.Ordinal);
    });

    private void Write(string journal)
    {
        File.WriteAllText($"{Index}.log", journal);
        File.WriteAllText($"{Index}.log.bytes", $"{Checksum()} {Encoding.UTF8.GetByteCount(journal):d16}\n");
    }

    private string Checksum() => AzuriteJournal.Checksum("", File.ReadAllBytes(Index));

    // As tools/azurite/journal.cjs writes it.
    private static string[] Journal(string index)
    {
        var (sum, lines) = ("", new List<string>());
        foreach (var document in Enumerable.Range(2, Documents).Select(i => $$$"""{"collection":"$BLOBS_COLLECTION$","put":{"name":"é{{{i}}}","$loki":{{{i}}}}}""")
            .Prepend($$"""{"after":"{{AzuriteJournal.Checksum("", Encoding.UTF8.GetBytes(index))}}"}"""))
        {
            sum = AzuriteJournal.Checksum(sum, Encoding.UTF8.GetBytes(document));
            lines.Add($"{sum} {document}\n");
        }

        return [.. lines];
    }
}
