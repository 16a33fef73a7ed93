using Distil.Core.Errors;
using Distil.Core.Specification;
using Distil.Core.Tokenization;
using Distil.Inference.Engines;
using Distil.Inference.Sampling;
using Distil.Inference.Tests.Engines;
using Distil.Onnx.Exports;
using Distil.Trainer.Tests;
using Microsoft.ML.OnnxRuntimeGenAI;

namespace Distil.Onnx.Tests.Exports;

/// <summary>Exported folders in ONNX Runtime GenAI, which reads the prompt, keeps the state and chooses the tokens.</summary>
public sealed class GenAiTests : IDisposable
{
    private const int Count = 64;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("distil-genai-");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("xlstm", WeightForm.Fp32)]
    [InlineData("xlstm, tied, only mLSTM", WeightForm.Int4)]
    [InlineData("xlstm, only sLSTM, short kernel, SELU", WeightForm.Fp32)]
    [InlineData("linearised", WeightForm.Fp32)]
    [InlineData("linearised, window", WeightForm.Fp32)]
    [InlineData("linearised, whole blocks", WeightForm.Int8)]
    public void Greedy_tokens_are_those_of_the_engine(string name, WeightForm form)
    {
        var student = Cases.Folder(name);
        var folder = Export(student, form);
        var prompt = Cases.Tokens(9);
        Assert.Equal(Expected(student, form, prompt), Continue(folder, prompt));
    }

    [Theory]
    [InlineData(1, 600)] // three pieces
    [InlineData(2, 100)]
    public void A_prompt_that_is_read_in_pieces_and_a_batch_continue_as_alone(int texts, int length)
    {
        var student = Cases.Folder("linearised, window");
        int[][] prompts = [.. Enumerable.Range(1, texts).Select(text => Cases.Tokens(length, seed: text))];
        int[] expected = [.. prompts.SelectMany(prompt => Expected(student, WeightForm.Fp32, prompt))];
        Assert.Equal(expected, Continue(Export(student, WeightForm.Fp32), prompts));
    }

    [Fact]
    public void Its_tokenizer_and_ends_are_the_students()
    {
        var student = RandomStudent.Write(RandomStudent.Small with { VocabularySize = 1024 });
        foreach (var file in new[] { "tokenizer.json", "tokenizer_config.json" })
        {
            File.Copy(Repository.Sample("stories", "teacher", file), Path.Combine(student, file));
        }

        const string Text = "Once upon a time, Mira found a key.";
        using var model = new Model(Export(student, WeightForm.Fp32));
        using var tokenizer = new Tokenizer(model);
        using var tokens = tokenizer.Encode(Text);
        Assert.Equal(HuggingFaceTokenizer.Load(student).Encode(Text, cancel: Cancel), tokens[0].ToArray());
        Assert.Equal(Text, tokenizer.Decode(tokens[0]));
        Assert.Equal(HuggingFaceTokenizer.Load(student).EndOfText, Assert.Single(tokenizer.GetEosTokenIds().ToArray()));
    }

    [Fact]
    public void A_student_that_keeps_attention_is_refused_before_anything_is_written()
    {
        var export = new StudentExport(Cases.Folder("linearised, kept attention"), Path.Combine(_folder.FullName, "out"), ExportPart.Parse("genai", "fp32"));
        var error = Assert.Throws<InvalidInputException>(() => export.Check(_ => long.MaxValue, isMeasured: false));
        Assert.Contains("for genai, expected a student whose state has a constant size", error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(_folder.FullName, "out")));
    }

    private string Export(string student, WeightForm form)
    {
        var part = new ExportPart(ExportTarget.Genai, form);
        return new StudentExport(student, Path.Combine(_folder.FullName, "out"), [part]).Write(part, null).Folder;
    }

    /// <summary>What the engine says with the weights that a form leaves.</summary>
    private int[] Expected(string student, WeightForm form, int[] prompt)
    {
        var rounded = Path.Combine(_folder.FullName, "rounded");
        RoundedStudent.Write(student, form, rounded);
        using var engine = StudentEngine.Open(rounded, new() { Threads = 1 });
        return [.. new Inference.Generation.Generator(engine).Continue(prompt, SamplingOptions.Greedy, Count, cancel: Cancel)];
    }

    private static int[] Continue(string folder, params int[][] prompts)
    {
        using var model = new Model(folder);
        using var options = new GeneratorParams(model);
        options.SetSearchOption("max_length", prompts[0].Length + Count);
        options.SetSearchOption("batch_size", prompts.Length);
        options.SetSearchOption("do_sample", false);
        using var generator = new Generator(model, options);
        generator.AppendTokens([.. prompts.SelectMany(prompt => prompt)]);
        while (!generator.IsDone())
        {
            generator.GenerateNextToken();
        }

        return [.. Enumerable.Range(0, prompts.Length).SelectMany(text => generator.GetSequence((ulong)text)[prompts[text].Length..].ToArray())];
    }
}
