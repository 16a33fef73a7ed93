using System.Text.Json;
using CsCheck;
using Distil.Core.Errors;
using Distil.Fuzzing;
using Distil.Cli.Engine.Journal;

namespace Distil.Cli.Tests.Engine.Journal;

/// <summary>Whatever happened to a journal's bytes, the entries that are read from it are reliable.</summary>
public sealed class JournalFuzzTests
{
    private static readonly byte[] Valid = [.. Enumerable.Range(0, 4).SelectMany(i => JournalLine.Write(Entry(i)))];

    [Fact]
    public Task Arbitrary_bytes() => Hostile.EndsInAsync<InvalidInputException>(Mutations.Arbitrary, bytes => JournalText.Parse(bytes));

    [Fact]
    public Task Changed_bytes_leave_a_beginning_of_what_was_written() => Hostile.EndsInAsync<InvalidInputException>(Mutations.Of(Valid), bytes =>
    {
        foreach (var (i, entry) in JournalText.Parse(bytes).Entries.Index())
        {
            Assert.Equal(JournalLine.Write(Entry(i)), JournalLine.Write(entry));
        }
    });

    [Fact]
    public Task Lines_that_their_checksum_fits_and_nothing_else() => Hostile.EndsInAsync<InvalidInputException>(
        Mutations.OfJson(JsonSerializer.Serialize(Entry(0), Core.DistilJson.Options)), json => JournalText.Parse([.. JournalLine.Seal(json), .. Valid]));

    private static JournalEntry Entry(int index) => new()
    {
        Index = index,
        Kind = JournalKind.Activity,
        Call = index,
        Name = "poll-job",
        InputHash = "abc",
        Value = JsonSerializer.SerializeToElement(new { state = "running" }),
        At = DateTimeOffset.UnixEpoch.AddSeconds(index),
    };
}
