using System.Text;
using Distil.Core.Tokenization;

namespace Distil.Trainer.Evaluation;

/// <summary>The amount of text in some predicted tokens.</summary>
/// <param name="Words">Number of words that begin in them, separated by white space.</param>
/// <param name="Bytes">Number of UTF-8 bytes.</param>
public sealed record TextCounts(long Words, long Bytes);

/// <summary>Counts the text of a row's predicted tokens, so that models with different vocabularies can be compared.</summary>
/// <remarks>A row's first token is not predicted, and the tokens that begin and end a document are not text: none of them is counted.</remarks>
public sealed class TokenText(HuggingFaceTokenizer tokenizer)
{
    /// <summary>Whether a token is text; those that begin and end a document are not.</summary>
    public bool IsText(long id) => !tokenizer.IsBorder(id);

    /// <summary>Counts a row; of one with a mask, what is in the tokens that count.</summary>
    internal TextCounts Count(EvaluationRow row)
    {
        if (row.Counts is not { } counts)
        {
            return Count(row.Ids);
        }

        var sum = new TextCounts(0, 0);
        for (var i = 1; i < counts.Length; i++)
        {
            var first = i - 1; // it is given, as a row's first token is
            while (i < counts.Length && counts[i])
            {
                i++;
            }

            var run = Count(row.Ids.AsSpan(first..i));
            sum = new(sum.Words + run.Words, sum.Bytes + run.Bytes);
        }

        return sum;
    }

    /// <summary>Counts a row.</summary>
    /// <param name="row">Its real tokens.</param>
    public TextCounts Count(ReadOnlySpan<long> row)
    {
        long words = 0, bytes = 0;
        var document = new List<byte>();
        var given = 0; // bytes of the document in the row's first token
        for (var i = 0; i < row.Length; i++)
        {
            if (!IsText(row[i]))
            {
                words += WordsAfter(document, given);
                document.Clear();
                given = 0;
                continue;
            }

            var token = tokenizer.BytesOf((int)row[i]);
            document.AddRange(token);
            if (i == 0)
            {
                given = token.Length;
            }
            else
            {
                bytes += token.Length;
            }
        }

        return new TextCounts(words + WordsAfter(document, given), bytes);
    }

    private static long WordsAfter(List<byte> document, int given) => Words([.. document]) - Words([.. document.Take(given)]);

    private static long Words(byte[] utf8)
    {
        long words = 0;
        var inside = false;
        foreach (var character in Encoding.UTF8.GetString(utf8))
        {
            var space = char.IsWhiteSpace(character);
            words += !space && !inside ? 1 : 0;
            inside = !space;
        }

        return words;
    }
}
