using System.Text.Json;
using Distil.Core;
using Distil.Core.Documents.Evaluations;
using Distil.Core.Errors;
using Distil.Core.Tokenization;
using Distil.Trainer.Evaluation;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Evaluation;

public sealed class EvaluatorTests
{
    private const int Vocabulary = 23;
    private static readonly long[][] Rows = [[1, 2, 3, 4, 5, 6, 7], [8], [9, 10, 11], [], [12, 13, 14, 15, 16, 0, 0, 3]];

    [Fact]
    public void Outputs_that_are_not_finite_are_named_with_their_row()
    {
        using var good = new UnigramModel([0.5, 0.5]);
        using var bad = new UnigramModel([0.5, double.NaN]);
        var evaluator = new Evaluator(new EvaluationOptions());
        long[][] rows = [[0, 1], [1, 1, 0]];
        Assert.Equal(
            "row 0 of the evaluation data: the model's −log p is NaN; expected a finite number",
            Assert.Throws<InvalidInputException>(() => evaluator.Evaluate(bad, good, rows, cancel: TestContext.Current.CancellationToken)).Message);
        Assert.StartsWith(
            "row 0 of the evaluation data: the teacher's −log p is NaN", Assert.Throws<InvalidInputException>(() => evaluator.Evaluate(good, bad, rows, cancel: TestContext.Current.CancellationToken)).Message);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 3)]
    [InlineData(8, 512)]
    public void Equal_to_a_dense_computation_row_by_row_for_any_batch_and_chunk(int batchRows, int chunkPositions)
    {
        using var student = new DecayModel(Vocabulary, 6, seed: 1);
        using var teacher = new DecayModel(Vocabulary, 10, seed: 2);
        var (nll, teacherNll, kl, agree, hits, tokens) = (0.0, 0.0, 0.0, 0, 0, 0);
        foreach (var row in Rows)
        {
            for (var s = 0; s + 1 < row.Length; s++)
            {
                var (q, p) = (Log(student, row[..(s + 1)]), Log(teacher, row[..(s + 1)]));
                nll -= q[row[s + 1]];
                teacherNll -= p[row[s + 1]];
                kl += p.Zip(q, (lp, lq) => Math.Exp(lp) * (lp - lq)).Sum();
                agree += Top(p) == Top(q) ? 1 : 0;
                hits += Top(q) == row[s + 1] ? 1 : 0;
                tokens++;
            }
        }

        var result = Evaluate(student, teacher, Rows, batchRows, chunkPositions);

        Assert.Equal(tokens, result.Tokens);
        Assert.Equal(Rows.Length, result.Rows);
        Assert.Equal(nll / tokens, result.Student.CrossEntropy, 1e-5);
        Assert.Equal(Math.Exp(nll / tokens), result.Student.Perplexity, 1e-3);
        Assert.Equal(hits / (double)tokens, result.Student.Top1Accuracy, 1e-12);
        Assert.Equal(teacherNll / tokens, result.Teacher!.CrossEntropy, 1e-5);
        Assert.Equal(kl / tokens, result.Kl!.Value, 1e-5);
        Assert.Equal(agree / (double)tokens, result.Top1Agreement!.Value, 1e-12);
    }

    [Fact]
    public void Of_a_row_with_a_mask_only_the_tokens_that_count_are_measured()
    {
        using var student = new DecayModel(Vocabulary, 6, seed: 1);
        using var teacher = new DecayModel(Vocabulary, 10, seed: 2);
        long[] row = [1, 2, 3, 4, 5, 6];
        int[] counted = [2, 3, 5];
        var result = new Evaluator(new EvaluationOptions()).Evaluate(
            student, teacher, [new EvaluationRow(row, [.. row.Select((_, i) => counted.Contains(i))])], cancel: TestContext.Current.CancellationToken);
        var kl = counted.Sum(i => Log(teacher, row[..i]).Zip(Log(student, row[..i]), (p, q) => Math.Exp(p) * (p - q)).Sum());

        Assert.Equal(3, result.Tokens);
        Assert.Equal(counted.Average(i => -Log(student, row[..i])[row[i]]), result.Student.CrossEntropy, 1e-5);
        Assert.Equal(counted.Average(i => -Log(teacher, row[..i])[row[i]]), result.Teacher!.CrossEntropy, 1e-5);
        Assert.Equal(kl / 3, result.Kl!.Value, 1e-5);
    }

    [Fact]
    public void Errors_are_those_of_a_sample_of_rows()
    {
        using var student = new DecayModel(Vocabulary, 6, seed: 1);
        using var teacher = new DecayModel(Vocabulary, 10, seed: 2);
        var each = Rows.Where(row => row.Length > 1).Select(row => Evaluate(student, teacher, [row])).ToArray();
        double[] tokens = [.. each.Select(row => (double)row.Tokens)];
        Estimate PerToken(Func<EvaluationResult, double> value) => Estimate.OfRatio([.. each.Select(row => value(row) * row.Tokens)], tokens);

        var result = Evaluate(student, teacher, Rows);

        var nll = PerToken(row => row.Student.CrossEntropy);
        Assert.Equal(nll.StandardError!.Value, result.Student.CrossEntropyStandardError!.Value, 1e-6);
        Assert.Equal(nll.Exp().StandardError!.Value, result.Student.PerplexityStandardError!.Value, 1e-4);
        Assert.Equal(PerToken(row => row.Kl!.Value).StandardError!.Value, result.KlStandardError!.Value, 1e-6);
        Assert.Equal(PerToken(row => row.Top1Agreement!.Value).StandardError!.Value, result.Top1AgreementStandardError!.Value, 1e-9);
        var ratio = PerToken(row => row.Student.CrossEntropy - row.Teacher!.CrossEntropy).Exp();
        Assert.Equal(result.PerplexityRatio!.Value, ratio.Value, 1e-4);
        Assert.Equal(ratio.StandardError!.Value, result.PerplexityRatioStandardError!.Value, 1e-4);
    }

    [Fact]
    public void Perplexity_by_words_and_bytes_is_over_the_text_without_the_ends_of_its_documents()
    {
        var tokenizer = HuggingFaceTokenizer.Load(Path.Combine(AppContext.BaseDirectory, "Golden", "tokenizer-tiny"));
        using var student = new DecayModel(tokenizer.VocabularySize, 6, seed: 1);
        long end = tokenizer.EndOfText;
        long[][] rows = [[end, .. Encode("The cat sat."), end], [end, .. Encode("A dog ran away.")]];
        var nll = 0.0;
        foreach (var row in rows)
        {
            for (var s = 0; s + 1 < row.Length; s++)
            {
                nll -= row[s + 1] == end ? 0 : Log(student, row[..(s + 1)])[row[s + 1]];
            }
        }

        var result = new Evaluator(new EvaluationOptions(), new TokenText(tokenizer))
            .Evaluate(student, student, rows, cancel: TestContext.Current.CancellationToken);

        Assert.Equal((7, 27), (result.Words, result.Bytes));
        Assert.Equal(Math.Exp(nll / 7), result.Student.Text!.WordPerplexity.Value, 1e-4 * Math.Exp(nll / 7));
        Assert.Equal(Math.Exp(nll / 27), result.Student.Text.BytePerplexity.Value, 1e-4 * Math.Exp(nll / 27));
        Assert.Equal(nll / 27 / Math.Log(2), result.Teacher!.Text!.BitsPerByte.Value, 1e-5);
        Assert.True(result.Student.Text.BitsPerByte.StandardError > 0);

        long[] Encode(string text) => [.. tokenizer.Encode(text).Select(id => (long)id)];
    }

    [Fact]
    public void A_model_agrees_with_itself()
    {
        using var model = new DecayModel(Vocabulary, 6, seed: 1);
        var result = Evaluate(model, model, Rows);
        Assert.Equal(0, result.Kl!.Value, 1e-7);
        Assert.Equal(1, result.Top1Agreement);
        Assert.Equal(1, result.PerplexityRatio);
    }

    [Fact]
    public void Without_a_teacher_only_the_student_is_measured()
    {
        using var student = new DecayModel(Vocabulary, 6, seed: 1);
        var result = Evaluate(student, null, Rows);
        Assert.Null(result.Teacher);
        Assert.Null(result.Kl);
        Assert.Null(result.Top1Agreement);
        Assert.True(result.Student.Perplexity > 1);
    }

    [Fact]
    public void The_result_survives_json()
    {
        using var student = new DecayModel(Vocabulary, 6, seed: 1);
        var result = Evaluate(student, student, Rows);
        Assert.Equal(result, JsonSerializer.Deserialize<EvaluationResult>(JsonSerializer.Serialize(result, DistilJson.Options), DistilJson.Options));
    }

    [Fact]
    public void Progress_counts_rows_and_predicted_tokens()
    {
        using var student = new DecayModel(Vocabulary, 6, seed: 1);
        var seen = new List<EvaluationProgress>();
        Evaluate(student, null, Rows, batchRows: 2, progress: seen.Add);
        Assert.Equal([new(2, 6), new(4, 8), new(5, 15)], seen);
    }

    [Fact]
    public void Different_vocabularies_are_the_users_error()
    {
        using var student = new DecayModel(Vocabulary, 6, seed: 1);
        using var teacher = new DecayModel(Vocabulary + 1, 6, seed: 1);
        var error = Assert.Throws<InvalidInputException>(() => Evaluate(student, teacher, Rows));
        Assert.Contains("24", error.Message);
        Assert.Contains("23", error.Message);
    }

    [Fact]
    public void Rows_with_nothing_to_predict_are_the_users_error()
    {
        using var student = new DecayModel(Vocabulary, 6, seed: 1);
        Assert.Throws<InvalidInputException>(() => Evaluate(student, null, [[4], []]));
    }

    [Fact]
    public void Stops_when_asked()
    {
        using var student = new DecayModel(Vocabulary, 6, seed: 1);
        using var stop = new CancellationTokenSource();
        var evaluator = new Evaluator(new EvaluationOptions { BatchRows = 1 });
        Assert.Throws<OperationCanceledException>(() => evaluator.Evaluate(student, null, Rows, _ => stop.Cancel(), stop.Token));
    }

    private static EvaluationResult Evaluate(
        DecayModel student, DecayModel? teacher, long[][] rows, int batchRows = 8, int chunkPositions = 4, Action<EvaluationProgress>? progress = null) =>
        new Evaluator(new EvaluationOptions { BatchRows = batchRows, ChunkPositions = chunkPositions })
            .Evaluate(student, teacher, rows, progress, TestContext.Current.CancellationToken);

    private static double[] Log(DecayModel model, long[] ids)
    {
        using var scope = NewDisposeScope();
        using var state = model.StartDecoding(1);
        var logits = model.Decode(tensor(ids, 1, ids.Length), state).matmul(model.HeadWeight.t()).to_type(float64);
        return logits.log_softmax(-1).data<double>().ToArray();
    }

    private static int Top(double[] values) => Array.IndexOf(values, values.Max());
}
