namespace Distil.Cli.Engine.Journal;

/// <summary>The content of a journal's bytes.</summary>
/// <param name="Entries">The reliable entries, in order.</param>
/// <param name="EndsCleanly">Whether the next line may follow at once; false after an incomplete line.</param>
/// <param name="Damage">Describes an unreadable line in the middle; null if every entry is intact.</param>
/// <param name="Foreign">Describes what shows that another version of distil wrote to it; null if none did.</param>
internal sealed record JournalText(IReadOnlyList<JournalEntry> Entries, bool EndsCleanly, string? Damage, string? Foreign = null)
{
    /// <summary>Reads all lines.</summary>
    /// <remarks>
    /// A line that was only partly written does not count: its entry was written again, under the same index, or not at all. A line that was damaged later
    /// leaves a gap in the indices; what follows it cannot be used.
    /// </remarks>
    internal static JournalText Parse(ReadOnlySpan<byte> content)
    {
        var entries = new List<JournalEntry>();
        string? damage = null, foreign = null;
        foreach (var range in content.Split((byte)'\n'))
        {
            if (JournalLine.Read(content[range], out foreign) is not { } entry)
            {
                if (foreign is not null)
                {
                    break;
                }

                continue;
            }

            if (entry.Index != entries.Count)
            {
                damage = $"entry {entries.Count} cannot be read, entry {entry.Index} follows";
                break;
            }

            entries.Add(entry);
        }

        return new JournalText(entries, content.IsEmpty || content[^1] == '\n', damage, foreign);
    }
}
