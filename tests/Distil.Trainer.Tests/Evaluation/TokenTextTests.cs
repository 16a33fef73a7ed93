using Distil.Core.Tokenization;
using Distil.Trainer.Evaluation;

namespace Distil.Trainer.Tests.Evaluation;

public sealed class TokenTextTests
{
    private static readonly HuggingFaceTokenizer Tokenizer = HuggingFaceTokenizer.Load(Path.Combine(AppContext.BaseDirectory, "Golden", "tokenizer-tiny"));

    [Fact]
    public void What_the_first_token_gives_away_and_the_ends_of_documents_are_not_counted()
    {
        long[] row = [Tokenizer.EndOfText, .. Encode("Der Bär schläft  tief."), Tokenizer.EndOfText, .. Encode("Gut so")];
        Assert.Equal(new TextCounts(6, "Der Bär schläft  tief.Gut so"u8.Length), new TokenText(Tokenizer).Count(row));
    }

    [Fact]
    public void A_word_that_a_row_begins_with_belongs_to_the_token_that_is_given()
    {
        var ids = Encode("Hello world");
        var given = Tokenizer.BytesOf((int)ids[0]).Length;
        var counts = new TokenText(Tokenizer).Count(ids);
        Assert.Equal("Hello world".Length - given, counts.Bytes);
        Assert.Equal(1, counts.Words);
    }

    [Fact]
    public void Rows_cut_anywhere_miss_their_first_tokens_and_nothing_else()
    {
        var ids = Encode(string.Concat(Enumerable.Range(0, 40).Select(i => $"Das {i}. Wort – und “noch” eins.\n")));
        var text = new TokenText(Tokenizer);
        var rows = ids.Chunk(7).ToArray();
        var first = rows.Sum(row => Tokenizer.BytesOf((int)row[0]).Length);
        Assert.Equal(text.Count(ids).Bytes + Tokenizer.BytesOf((int)ids[0]).Length, rows.Sum(row => text.Count(row).Bytes) + first);
    }

    private static long[] Encode(string text) => [.. Tokenizer.Encode(text).Select(id => (long)id)];
}
