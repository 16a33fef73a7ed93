using Distil.Core.Documents.Reports;
using Distil.Core.Tokenization;
using Distil.Inference.Generation;
using Distil.Inference.Sampling;
using Distil.Trainer.Evaluation;
using Distil.Trainer.Generation;
using Distil.Trainer.Models;

namespace Distil.Trainer.Jobs.Export;

/// <summary>Lets each model continue the same prompts.</summary>
internal static class SampleMaker
{
    /// <summary>Held-out rows in which beginnings are looked for.</summary>
    internal const int RowsLookedAt = 64;

    private const int HeldOutPrompts = 3;
    private const int MaxPromptTokens = 24;
    private const int ShortestDocument = 8;

    /// <summary>A continuation costs as many steps as tokens: few and short ones take seconds.</summary>
    private const int GreedyPrompts = 8, GreedyTokens = 32;

    /// <summary>Returns the user's prompts, or beginnings of held-out documents, continued by teacher and students.</summary>
    public static IReadOnlyList<SampleSummary> Make(
        JobContext job, HuggingFaceTokenizer tokenizer, IReadOnlyList<EvaluationRow> rows, ILanguageModel student, ILanguageModel? baseline)
    {
        IEnumerable<(IReadOnlyList<int> Prompt, string? Truth)> prompts = job.Spec.Evaluation.Prompts.Count > 0
            ? job.Spec.Evaluation.Prompts.Select(text => ((IReadOnlyList<int>)tokenizer.EncodePrompt(text), (string?)null))
            : HeldOut(rows, tokenizer, job.Spec.Evaluation.SampleTokens);
        var teacher = job.LoadTeacher();
        return [.. prompts.Select(item => new SampleSummary
        {
            Prompt = Text(tokenizer, item.Prompt),
            Truth = item.Truth,
            Teacher = Continue(job, tokenizer, teacher, item.Prompt),
            Student = Continue(job, tokenizer, student, item.Prompt),
            WithoutTeacher = baseline is null ? null : Continue(job, tokenizer, baseline, item.Prompt),
        })];
    }

    /// <summary>Lets each model continue beginnings of held-out documents greedily; null if the run's continuations have no tokens.</summary>
    public static GreedyLikelihood? MeasureGreedy(
        JobContext job, HuggingFaceTokenizer tokenizer, IReadOnlyList<EvaluationRow> rows, ILanguageModel student, ILanguageModel? baseline)
    {
        var tokens = Math.Min(GreedyTokens, job.Spec.Evaluation.SampleTokens);
        return tokens == 0 ? null : new GreedyContinuations(job.LoadTeacher(), tokenizer.EndOfText, tokens).Measure(
            [.. Beginnings(rows, tokenizer).Where(text => text.Prompt.Count + tokens <= job.Request.Teacher.MaxPositions).Take(GreedyPrompts)],
            student, baseline, job.Stop);
    }

    /// <summary>Returns beginnings of held-out texts with the text that follows.</summary>
    internal static IEnumerable<(IReadOnlyList<int> Prompt, string? Truth)> HeldOut(
        IReadOnlyList<EvaluationRow> rows, HuggingFaceTokenizer tokenizer, int continuation) =>
        Beginnings(rows, tokenizer).Take(HeldOutPrompts).Select(text => (text.Prompt, (string?)Text(tokenizer, [.. text.Following.Take(continuation)])));

    private static IEnumerable<(IReadOnlyList<int> Prompt, IReadOnlyList<int> Following)> Beginnings(
        IReadOnlyList<EvaluationRow> rows, HuggingFaceTokenizer tokenizer) => rows.Any(row => row.Counts is not null)
        ? rows.Select(Answer)
        : Documents(rows, tokenizer);

    /// <summary>The beginning of a row with a mask up to its first answer, and the answer.</summary>
    private static (IReadOnlyList<int> Prompt, IReadOnlyList<int> Following) Answer(EvaluationRow row)
    {
        int[] ids = [.. row.Ids.Select(id => (int)id)];
        var start = row.Positions().First() + 1;
        var length = row.Counts.AsSpan(start).IndexOf(false) is >= 0 and var end ? end : ids.Length - start;
        return (ids[..start], ids[start..(start + length)]);
    }

    /// <summary>Beginnings of documents, the tokens after an end of text and at most half of the document's part in the row, with the rest of that part.</summary>
    private static IEnumerable<(IReadOnlyList<int> Prompt, IReadOnlyList<int> Following)> Documents(
        IReadOnlyList<EvaluationRow> rows, HuggingFaceTokenizer tokenizer) =>
        from row in rows
        from start in Enumerable.Range(0, row.Ids.Length)
        where start == 0 || row.Ids[start - 1] == tokenizer.EndOfText
        let document = row.Ids.Skip(start).TakeWhile(id => id != tokenizer.EndOfText).Select(id => (int)id).ToArray()
        where document.Length >= ShortestDocument && (start > 0 || row.BeginsDocument || ReferenceEquals(row.Ids, rows[0].Ids))
        let prompt = EndOfWord(document, Math.Min(MaxPromptTokens, document.Length / 2), tokenizer)
        select ((IReadOnlyList<int>)document[..prompt], (IReadOnlyList<int>)document[prompt..]);

    /// <summary>The latest position up to a limit at which a word has ended; the limit if there is none.</summary>
    private static int EndOfWord(int[] document, int limit, HuggingFaceTokenizer tokenizer)
    {
        var end = limit;
        while (end > 1 && Text(tokenizer, [document[end]]) is [var first, ..] && char.IsLetter(first))
        {
            end--;
        }

        return end > 1 ? end : limit;
    }

    private static string Continue(JobContext job, HuggingFaceTokenizer tokenizer, ILanguageModel model, IReadOnlyList<int> prompt)
    {
        var options = new SamplingOptions { Seed = (ulong)job.Spec.Seed };
        return Text(tokenizer, [.. new Generator(new TorchTextModel(model)).Continue(prompt, options, job.Spec.Evaluation.SampleTokens, tokenizer.EndOfText, job.Stop)]);
    }

    private static string Text(HuggingFaceTokenizer tokenizer, IReadOnlyList<int> ids) => tokenizer.Decode([.. ids.SkipWhile(id => id == tokenizer.Beginning)]);
}
