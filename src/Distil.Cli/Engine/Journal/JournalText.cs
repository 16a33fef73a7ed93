namespace Distil.Cli.Engine.Journal;

/// <summary>What a journal's bytes hold.</summary>
/// <param name="Entries">Those that can be relied on, in order.</param>
/// <param name="EndsCleanly">Whether the next line may follow at once; false after a torn one.</param>
/// <param name="Damage">Where a line in the middle cannot be read, in words; null where every entry is there.</param>
/// <param name="Foreign">What shows that another version of distil wrote to it, in words; null where none did.</param>
internal sealed record JournalText(IReadOnlyList<JournalEntry> Entries, bool EndsCleanly, string? Damage, string? Foreign = null)
{
    /// <summary>Reads all lines.</summary>
    /// <remarks>
    /// A line that was torn when it was written never counted: the entry came again, under the same index, or not at all.
    /// A line that is damaged later leaves a gap in the indices; what follows it cannot be used.
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
