using System.Text.Json;
using Distil.Core;
using Distil.Core.Errors;
using Distil.Core.Models;
using Distil.Core.Settings;
using Distil.Core.Sources;
using Distil.Core.Specification;
using Distil.Core.Tokenization;
using Distil.Inference.Engines;
using Distil.Inference.Matrices;
using Distil.Inference.Sampling;
using Distil.Inference.Tests.Chat;
using Distil.Inference.Tests.Engines;
using Distil.Trainer.Commands;
using Distil.Trainer.Generation;
using Distil.Trainer.Models.Transformers;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Commands;

public sealed class GenerateCommandTests : IDisposable
{
    private static readonly string Tokenizer = Path.Combine(AppContext.BaseDirectory, "Golden", "tokenizer-tiny");
    private readonly string _model = Directory.CreateTempSubdirectory("distil-generate-").FullName;

    public GenerateCommandTests()
    {
        var golden = TransformerConfigFile.Read(Path.Combine(AppContext.BaseDirectory, "Golden", "qwen2-tiny"));
        using var model = TransformerModel.Create(golden with { VocabularySize = 1024, MaxPositions = 64 }, seed: 3, CPU);
        model.Save(_model);
        File.Copy(Path.Combine(Tokenizer, "tokenizer.json"), Path.Combine(_model, "tokenizer.json"));
    }

    public void Dispose() => Directory.Delete(_model, recursive: true);

    [Fact]
    public void Streams_the_text_that_it_returns_and_the_same_from_the_same_seed()
    {
        var shown = new List<string>();
        var result = Run("Once upon a time", 20, new SamplingOptions { Seed = 5 }, shown.Add);
        Assert.Equal("Once upon a time" + result.Text, string.Concat(shown));
        Assert.Equal(result.Text, Run("Once upon a time", 20, new SamplingOptions { Seed = 5 }).Text);
        Assert.NotEqual(result.Text, Run("Once upon a time", 20, new SamplingOptions { Seed = 6 }).Text);
    }

    [Fact]
    public void Greedy_text_is_the_argmax_of_the_whole_text_before_each_token()
    {
        var tokenizer = HuggingFaceTokenizer.Load(_model);
        using var model = TransformerModel.Load(_model, CPU);
        List<long> ids = [.. tokenizer.Encode("Once", cancel: TestContext.Current.CancellationToken).Select(id => (long)id)];
        var prompt = ids.Count;
        for (var i = 0; i < 8; i++)
        {
            using var scope = NewDisposeScope();
            ids.Add(model.HeadWeight.mv(model.Forward(tensor(ids, 1, ids.Count))[0, -1]).argmax().item<long>());
        }

        var expected = tokenizer.Decode([.. ids.Skip(prompt).TakeWhile(id => id != tokenizer.EndOfText).Select(id => (int)id)]);
        Assert.Equal(expected, Run("Once", 8, SamplingOptions.Greedy).Text);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_prompt_begins_once_with_the_token_with_which_the_models_texts_begin(bool student)
    {
        const string Bos = "<|im_start|>";
        var folder = student ? ChatStudent.Write() : _model;
        var usual = Generate("Once").PromptTokens;
        File.WriteAllText(Path.Combine(folder, TokenizerSettings.FileName), $$"""{ "add_bos_token": true, "bos_token": "{{Bos}}" }""");
        var tokenizer = HuggingFaceTokenizer.Load(folder);
        using (var opened = OpenedTextModel.Open(folder, ComputeDevice.Cpu, new EngineOptions()))
        {
            int[] prompt = [tokenizer.Beginning!.Value, .. tokenizer.Encode("Once", cancel: TestContext.Current.CancellationToken)];
            var expected = new Inference.Generation.Generator(opened.Model).Continue(
                prompt, SamplingOptions.Greedy, 9, tokenizer.EndOfText, TestContext.Current.CancellationToken);
            Assert.Equal((usual + 1, tokenizer.Decode([.. expected])), (Generate("Once").PromptTokens, Generate("Once").Text));
        }

        Assert.Equal((usual + 1, Generate("Once").Text), (Generate(Bos + "Once").PromptTokens, Generate(Bos + "Once").Text));
        Assert.Equal(1, Generate("").PromptTokens);

        ContinuedText Generate(string prompt) => ContinuedText.Of(
            new GenerateInput(folder, prompt, 9, ComputeDevice.Cpu), SamplingOptions.Greedy, _ => { }, TestContext.Current.CancellationToken);
    }

    [Fact]
    public void Prints_one_json_object_where_a_script_reads_it()
    {
        using var output = new StringWriter();
        string[] arguments = ["--model", _model, "--prompt", "Once", "--tokens", "5", "--temperature", "0", "--json"];
        Assert.Equal(
            0, GenerateCommand.Create(SourceCatalog.Create(new SourceSettings(), TimeProvider.System)).Parse(arguments).Invoke(new() { Output = output }));
        var result = JsonSerializer.Deserialize<ContinuedText>(output.ToString(), DistilJson.Options)!;
        Assert.Equal("Once", result.Prompt);
        Assert.InRange(result.Tokens, 0, 5);
    }

    [Fact]
    public void An_empty_prompt_begins_a_new_text() => Assert.Equal(1, Run("", 3, SamplingOptions.Greedy).PromptTokens);

    [Fact]
    public void Bad_input_is_one_error_that_names_it()
    {
        Assert.Contains("--tokens is 0", Error(0, new SamplingOptions()));
        Assert.Contains("temperature", Error(5, new SamplingOptions { Temperature = -1 }));
        Assert.Contains("max_position_embeddings", Error(64, new SamplingOptions()));
        File.Delete(Path.Combine(_model, "tokenizer.json"));
        Assert.Contains("tokenizer.json", Error(5, new SamplingOptions()));
    }

    [Fact]
    public void Logits_that_are_not_finite_are_one_error_that_names_the_model()
    {
        using (var model = TransformerModel.Load(_model, CPU, trainable: true))
        using (no_grad())
        {
            model.TrainableParameters.Single(weight => weight.Name == "model.norm.weight").Value.fill_(3e38f);
            model.Save(_model);
        }

        var error = Error(5, new SamplingOptions());
        Assert.StartsWith($"{_model}: the ", error);
        Assert.EndsWith(" after 0 new tokens; expected finite numbers", error);
    }

    [Fact]
    public void Options_are_refused_before_the_prompt_is_shown()
    {
        var shown = new List<string>();
        var error = Assert.Throws<InvalidInputException>(() => Run("Once upon", 5, new SamplingOptions { TopK = 0 }, shown.Add));
        Assert.Equal("top-k is 0; expected 1 or more", error.Message);
        Assert.Empty(shown);
    }

    [Fact]
    public void A_linearised_student_runs_in_the_engine_and_one_that_keeps_attention_ends_with_its_context()
    {
        foreach (var shape in new[] { RandomLinearised.Windowed, RandomLinearised.Hybrid })
        {
            var folder = ChatStudent.Write(linearised: shape);
            using var engine = StudentEngine.Open(folder, new() { Threads = 1 });
            var tokenizer = HuggingFaceTokenizer.Load(folder);
            var input = new GenerateInput(folder, "Once", 9, ComputeDevice.Cpu) { Engine = new() { Weights = WeightFormat.Float32, Threads = 1 } }; // which torch refuses
            var expected = new Inference.Generation.Generator(engine).Continue(
                tokenizer.Encode("Once", cancel: TestContext.Current.CancellationToken), SamplingOptions.Greedy, 9, tokenizer.EndOfText,
                TestContext.Current.CancellationToken);
            Assert.Equal(
                tokenizer.Decode([.. expected]), ContinuedText.Of(input, SamplingOptions.Greedy, _ => { }, TestContext.Current.CancellationToken).Text);
            if (engine.MaxPositions is { } most)
            {
                var error = Assert.Throws<InvalidInputException>(
                    () => ContinuedText.Of(input with { Tokens = most }, SamplingOptions.Greedy, _ => { }, TestContext.Current.CancellationToken));
                Assert.Contains($"(max_position_embeddings) allows {most}", error.Message);
            }

            Directory.Delete(folder, recursive: true);
        }
    }

    private string Error(int tokens, SamplingOptions options) => Assert.Throws<InvalidInputException>(() => Run("Once upon", tokens, options)).Message;

    private ContinuedText Run(string prompt, int tokens, SamplingOptions options, Action<string>? show = null) =>
        ContinuedText.Of(new GenerateInput(_model, prompt, tokens), options, show ?? (_ => { }), TestContext.Current.CancellationToken);
}
