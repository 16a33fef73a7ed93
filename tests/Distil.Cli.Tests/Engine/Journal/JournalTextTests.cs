using Distil.Cli.Engine.Journal;

namespace Distil.Cli.Tests.Engine.Journal;

public sealed class JournalTextTests
{
    private static readonly JournalEntry[] Three = [Entry(0), Entry(1), Entry(2)];
    private static readonly byte[] Whole = [.. Three.SelectMany(JournalLine.Write)];

    [Fact]
    public void Reads_what_was_written()
    {
        var text = JournalText.Parse(Whole);
        Assert.Equal(Three, text.Entries);
        Assert.True(text.EndsCleanly);
        Assert.Null(text.Damage);
    }

    [Fact]
    public void Nothing_is_no_entries() =>
        Assert.Equal((0, true, null), (JournalText.Parse([]).Entries.Count, JournalText.Parse([]).EndsCleanly, JournalText.Parse([]).Damage));

    [Fact]
    public void A_torn_end_at_any_byte_leaves_the_entries_before_it()
    {
        var lines = Three.Select(JournalLine.Write).ToList();
        for (var cut = 0; cut < Whole.Length; cut++)
        {
            var text = JournalText.Parse(Whole.AsSpan(0, cut));
            var expected = cut >= lines[0].Length + lines[1].Length - 1 ? 2 : cut >= lines[0].Length - 1 ? 1 : 0;
            if (cut < Whole.Length - 1)
            {
                Assert.Equal(expected, text.Entries.Count);
            }

            Assert.Null(text.Damage);
        }
    }

    [Fact]
    public void A_torn_entry_that_was_written_again_is_read_once()
    {
        var (first, second) = (JournalLine.Write(Entry(0)), JournalLine.Write(Entry(1)));
        Assert.Equal(2, JournalText.Parse([.. first, .. second[..^5], (byte)'\n', .. second]).Entries.Count);
    }

    [Fact]
    public void Any_flipped_bit_is_found()
    {
        for (var bit = 0; bit < Whole.Length * 8; bit++)
        {
            var damaged = (byte[])Whole.Clone();
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            var text = JournalText.Parse(damaged);
            Assert.Equal(Three.Take(text.Entries.Count), text.Entries);
            Assert.True(text.Entries.Count < 3 || bit / 8 == Whole.Length - 1, $"bit {bit}");
        }
    }

    [Fact]
    public void Damage_in_the_middle_is_told_and_what_follows_is_left_out()
    {
        var damaged = (byte[])Whole.Clone();
        damaged[JournalLine.Write(Entry(0)).Length + 30] ^= 1;
        var text = JournalText.Parse(damaged);
        Assert.Equal(Three[..1], text.Entries);
        Assert.Equal("entry 1 cannot be read, entry 2 follows", text.Damage);
    }

    [Fact]
    public void A_whole_line_of_another_version_ends_what_can_be_used_and_is_no_damage()
    {
        var text = JournalText.Parse([.. Whole, .. JournalLine.Seal("""{ "version": 4, "tide": "high" }"""u8.ToArray()), .. Whole]);
        Assert.Equal(Three, text.Entries);
        Assert.Equal(("version is 4, expected 3", null), (text.Foreign, text.Damage));
    }

    [Fact]
    public void A_whole_line_that_says_what_is_not_known_is_not_taken_for_a_torn_one()
    {
        var text = JournalText.Parse([.. Whole, .. JournalLine.Seal("""{ "index": 3, "tide": "high" }"""u8.ToArray())]);
        Assert.Contains("tide", text.Foreign, StringComparison.Ordinal);
    }

    private static JournalEntry Entry(int index) => new()
    {
        Index = index,
        Kind = JournalKind.Timer,
        Call = index,
        Name = "1.5",
        At = DateTimeOffset.UnixEpoch,
    };
}
