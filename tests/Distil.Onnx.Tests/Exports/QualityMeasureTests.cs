using Distil.Core.Errors;
using Distil.Core.Specification;
using Distil.Core.Tokenization;
using Distil.Inference.Engines;
using Distil.Inference.Tests.Engines;
using Distil.Onnx.Exports;

namespace Distil.Onnx.Tests.Exports;

public sealed class QualityMeasureTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("distil-quality-");
    private readonly string _student = RandomStudent.Write(RandomStudent.Small with { VocabularySize = 1024 });

    public QualityMeasureTests()
    {
        File.Copy("Golden/tokenizer-tiny/tokenizer.json", Path.Combine(_student, "tokenizer.json"));
        File.WriteAllText(Text, string.Concat(Enumerable.Range(0, 40).Select(i => $"The cat number {i} sat on the mat. ")));
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Text => Path.Combine(_folder.FullName, "text.txt");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void A_form_with_fewer_bits_costs_more_and_float32_costs_nothing()
    {
        var measure = new QualityMeasure(_student, Text, 200, 64, Cancel);
        var qualities = Enum.GetValues<WeightForm>().Select(form => measure.Measure(form, _folder.FullName, Cancel)).ToArray();
        Assert.Equal((0, 1, 0), (qualities[0].Cost, qualities[0].Agreement, qualities[0].DifferenceError));
        Assert.InRange(qualities[0].Kl, 0, 1e-6);
        Assert.Equal(qualities.OrderBy(quality => quality.Kl), qualities);
        Assert.True(qualities[3].Kl > 5 * qualities[2].Kl && qualities[3].Agreement < 1);
        Assert.All(qualities, quality => Assert.Equal((196, "text.txt"), (quality.Tokens, quality.Text)));
        Assert.Empty(_folder.EnumerateDirectories());
    }

    [Fact]
    public void The_cross_entropy_is_that_of_the_engine_read_token_by_token()
    {
        var quality = new QualityMeasure(_student, Text, 100, 100, Cancel).Measure(WeightForm.Int8, _folder.FullName, Cancel);
        int[] tokens = [.. HuggingFaceTokenizer.Load(_student).Encode(File.ReadAllText(Text), cancel: Cancel).Take(100)];
        using var engine = StudentEngine.Open(_student, new() { Threads = 1 });
        using var state = engine.NewState();
        var sum = 0.0;
        for (var i = 0; i < tokens.Length - 1; i++)
        {
            engine.Run([new(state, tokens[i], true)]);
            var logits = engine.Logits(0).ToArray().Select(logit => (double)logit).ToArray();
            sum += Math.Log(logits.Sum(Math.Exp)) - logits[tokens[i + 1]];
        }

        Assert.Equal(sum / 99, quality.Exact, 1e-4);
        Assert.Null(quality.DifferenceError); // of a single row
    }

    [Fact]
    public void A_text_that_is_missing_or_empty_is_refused()
    {
        Assert.Equal($"--evaluate: {Text}x: no such file", Assert.Throws<InvalidInputException>(() => new QualityMeasure(_student, Text + "x", 9, 9, Cancel)).Message);
        File.WriteAllText(Text, "");
        Assert.Equal($"--evaluate: {Text} has 0 tokens; expected 2 or more", Assert.Throws<InvalidInputException>(() => new QualityMeasure(_student, Text, 9, 9, Cancel)).Message);
    }
}
