using System.Text.Json;
using System.Text.Unicode;
using Distil.Cli.Workspaces;
using Distil.Core.Errors;

namespace Distil.Cli.Azurite;

/// <summary>The files in which Azurite keeps what it knows of blobs; their bytes are in other files, and those that the index does not name are deleted.</summary>
/// <remarks>Azurite takes a file that is missing or empty for a new storage, and deletes all bytes. tools/azurite/journal.cjs keeps the file before the latest
/// one as <c>.last</c>, and beside each of the two the <see cref="AzuriteJournal"/> of what changed after it.</remarks>
internal sealed class AzuriteIndex(Workspace workspace)
{
    private const string Last = ".last";
    private static readonly string[] Files = ["__azurite_db_blob_extent__.json", "__azurite_db_blob__.json"];

    private string Bytes => Path.Combine(workspace.Storage, "__blobstorage__");

    /// <summary>Throws unless Azurite can start without losing blobs.</summary>
    /// <exception cref="InvalidInputException">A file of the index is damaged, or missing beside the bytes of blobs.</exception>
    internal void Require()
    {
        if (Faults() is [var (index, journal, fault), ..])
        {
            throw new InvalidInputException(
                $"{journal?.Path ?? index}: {fault}; starting the storage with it would delete the blobs. `distil doctor --repair` "
                + (journal is null ? $"puts {Replacement(index)}" : "keeps what was written before the damage"));
        }
    }

    /// <summary>Puts the last good file in the place of each damaged one, which is kept under another name.</summary>
    /// <returns>What was done, a sentence for each file; empty if the index has no fault.</returns>
    /// <exception cref="InvalidInputException">There is no good file to use.</exception>
    internal IReadOnlyList<string> Repair() =>
        [.. Faults().Select(found => found.Journal is null ? RepairIndex(found.Index, found.Fault) : RepairJournal(found.Journal, found.Fault))];

    private string RepairIndex(string path, string fault)
    {
        if (FaultOf(path + Last) is { } other)
        {
            throw new InvalidInputException(
                $"{path}: {fault}; {path}{Last}: {other}: nothing is left to repair it with. To begin with an empty storage, move {workspace.Storage} away");
        }

        MoveAside(path);
        File.Copy(path + Last, path);
        var journal = new AzuriteJournal(path);
        var after = MoveAside(journal.Path);
        var lost = journal.Replace([journal.Path + Last, after]); // first to the damaged index, then from that one on
        if (lost is null)
        {
            File.Delete(after);
        }

        return $"{path}: {fault}; now it is the one of {File.GetLastWriteTime(path + Last):yyyy-MM-dd HH:mm:ss}"
            + (lost is null ? " with all that was written after it" : $"; what was written later may be lost ({lost})");
    }

    private static string RepairJournal(AzuriteJournal journal, string fault)
    {
        var damaged = MoveAside(journal.Path);
        journal.Replace([damaged]);
        return $"{journal.Path}: {fault}; what was written before the damage is kept, what was written later is lost";
    }

    private static string MoveAside(string path)
    {
        var aside = Aside(path);
        if (File.Exists(path))
        {
            File.Move(path, aside);
        }

        return aside;
    }

    private static string Aside(string path) =>
        Enumerable.Range(1, int.MaxValue).Select(number => $"{path}.damaged-{number}").First(candidate => !File.Exists(candidate));

    private static string Replacement(string path) =>
        File.Exists(path + Last) ? $"the one of {File.GetLastWriteTime(path + Last):yyyy-MM-dd HH:mm:ss} in its place" : "nothing in its place: there is no earlier one";

    // The fault is the journal's if there is one.
    private List<(string Index, AzuriteJournal? Journal, string Fault)> Faults()
    {
        var found = new List<(string, AzuriteJournal?, string)>();
        var hasBytes = Directory.Exists(Bytes) && Directory.EnumerateFiles(Bytes).Any(file => new FileInfo(file).Length > 0);
        foreach (var index in Files.Where(_ => hasBytes).Select(file => Path.Combine(workspace.Storage, file)))
        {
            if (FaultOf(index) is { } fault)
            {
                found.Add((index, null, fault));
            }
            else if (new AzuriteJournal(index) is var journal && journal.Fault() is { } wrong)
            {
                found.Add((index, journal, wrong));
            }
        }

        return found;
    }

    /// <summary>Why a file of the index cannot be used; null if it can.</summary>
    private static string? FaultOf(string path)
    {
        if (!File.Exists(path))
        {
            return "it does not exist, beside the bytes of blobs";
        }

        try
        {
            var bytes = File.ReadAllBytes(path);
            if (!Utf8.IsValid(bytes))
            {
                return "it is damaged (it is not UTF-8)";
            }

            using var index = JsonDocument.Parse(bytes);
            return index.RootElement.TryGetProperty("collections", out var collections)
                && collections.EnumerateArray().Any(collection => collection.GetProperty("data").GetArrayLength() > 0)
                    ? null
                    : "it is empty, beside the bytes of blobs";
        }
        catch (Exception damaged) when (damaged is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return $"it is cut or damaged ({damaged.Message})";
        }
    }
}
