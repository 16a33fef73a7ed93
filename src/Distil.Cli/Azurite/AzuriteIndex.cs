using System.Text.Json;
using System.Text.Unicode;
using Distil.Cli.Workspaces;
using Distil.Core.Errors;

namespace Distil.Cli.Azurite;

/// <summary>The files in which Azurite keeps what it knows of blobs; their bytes are in other files, and those that the index does not name are deleted.</summary>
/// <remarks>Azurite takes a file that is missing or empty for a new storage, and deletes all bytes. tools/azurite/journal.cjs keeps the file before the latest
/// one as <c>.last</c>, and beside each of the two the journal of what changed after it.</remarks>
internal sealed class AzuriteIndex(Workspace workspace)
{
    private const string Last = ".last";
    private const string Journal = ".log";
    private static readonly string[] Files = ["__azurite_db_blob_extent__.json", "__azurite_db_blob__.json"];

    private string Bytes => Path.Combine(workspace.Storage, "__blobstorage__");

    /// <summary>Throws unless Azurite can start without losing blobs.</summary>
    /// <exception cref="InvalidInputException">A file of the index is damaged, or missing beside the bytes of blobs.</exception>
    internal void Require()
    {
        if (Faults() is [var (path, fault), ..])
        {
            throw new InvalidInputException(
                $"{path}: {fault}; starting the storage with it would delete the blobs. `distil doctor --repair` puts {Replacement(path)}");
        }
    }

    /// <summary>Puts the last good file in the place of each damaged one, which is kept under another name.</summary>
    /// <returns>What was done, a sentence for each file; empty if the index has no fault.</returns>
    /// <exception cref="InvalidInputException">There is no good file to use.</exception>
    internal IReadOnlyList<string> Repair()
    {
        var done = new List<string>();
        foreach (var (path, fault) in Faults())
        {
            if (FaultOf(path + Last) is { } other)
            {
                throw new InvalidInputException(
                    $"{path}: {fault}; {path}{Last}: {other}: nothing is left to repair it with. To begin with an empty storage, move {workspace.Storage} away");
            }

            var aside = Aside(path);
            if (File.Exists(path))
            {
                File.Move(path, aside);
            }

            RestoreJournal(path + Journal);
            File.Copy(path + Last, path);
            done.Add($"{path}: {fault}; now it is the one of {File.GetLastWriteTime(path + Last):yyyy-MM-dd HH:mm:ss}");
        }

        return done;
    }

    /// <summary>Makes the journal lead from the earlier index to the present: first to the damaged index, then from that one on.</summary>
    private static void RestoreJournal(string path)
    {
        if (!File.Exists(path + Last))
        {
            return;
        }

        var whole = path + "~";
        File.WriteAllLines(whole, new[] { path + Last, path }.Where(File.Exists).SelectMany(File.ReadLines));
        File.Move(whole, path, overwrite: true);
    }

    private static string Aside(string path) =>
        Enumerable.Range(1, int.MaxValue).Select(number => $"{path}.damaged-{number}").First(candidate => !File.Exists(candidate));

    private static string Replacement(string path) =>
        File.Exists(path + Last) ? $"the one of {File.GetLastWriteTime(path + Last):yyyy-MM-dd HH:mm:ss} in its place" : "nothing in its place: there is no earlier one";

    private List<(string Path, string Fault)> Faults()
    {
        var hasBytes = Directory.Exists(Bytes) && Directory.EnumerateFiles(Bytes).Any(file => new FileInfo(file).Length > 0);
        return hasBytes
            ? [.. from file in Files let path = Path.Combine(workspace.Storage, file) let fault = FaultOf(path) where fault is not null select (path, fault)]
            : [];
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
