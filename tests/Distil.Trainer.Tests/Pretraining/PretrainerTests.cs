using System.Text.Json;
using Distil.Core;
using Distil.Core.Documents;
using Distil.Core.Errors;
using Distil.Core.Specification;
using Distil.Trainer.Models.Transformers;
using Distil.Trainer.Pretraining;
using Distil.Trainer.Tests.Training;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Pretraining;

public sealed class PretrainerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public PretrainerTests() =>
        File.WriteAllLines(_folder["text"], Enumerable.Range(0, 200).Select(i => $"Ben has {(i % 2 == 0 ? "a red ball" : "the old kite")} in the garden."));

    [Fact]
    public void Writes_a_folder_that_loads_with_the_perplexity_of_what_it_wrote()
    {
        var steps = new List<StepMetrics>();
        var result = new Pretrainer(Settings, TimeProvider.System).Run("distil pretrain …", steps.Add, CancellationToken.None);

        Assert.Equal(40, steps.Count);
        Assert.True(steps[^1].Loss < 0.5 * steps[0].Loss, $"{steps[0].Loss} → {steps[^1].Loss}");
        Assert.Equal(Math.Exp(result.EvalCrossEntropy), result.EvalPerplexity, 1e-6);
        Assert.Equal(result, JsonSerializer.Deserialize<PretrainResult>(File.ReadAllText(_folder["model/training.json"]), DistilJson.Options));
        Assert.Equal(
            ["config.json", "model.safetensors", "tokenizer.json", "training.json"], Directory.GetFiles(_folder["model"]).Select(Path.GetFileName).Order());
        Assert.Equal(["model", "text"], Directory.GetFileSystemEntries(_folder.Path).Select(Path.GetFileName).Order());
        using var model = TransformerModel.Load(_folder["model"], CPU);
        Assert.Equal(result.Parameters, model.Config.VocabularySize * 16L + 2 * (16 * 16 * 2 + 16 * 8 * 2 + 16 + 16 + 3 * 16 * 32 + 32) + 16);
    }

    [Theory]
    [InlineData(18, 8, "--hidden is 18; expected a multiple of twice --heads 2")]
    [InlineData(16, 4, "--context is 4; expected at least 8")]
    public void A_setting_that_cannot_be_is_named_with_its_option(int hidden, int context, string message) =>
        Assert.Equal(message, Error(Settings with { Hidden = hidden, Context = context }));

    [Fact]
    public void An_output_that_holds_something_is_left_alone()
    {
        Directory.CreateDirectory(_folder["model"]);
        File.WriteAllText(_folder["model/mine"], "");
        Assert.Contains("the folder is not empty", Error(Settings));
    }

    [Fact]
    public void A_text_without_words_is_named()
    {
        File.WriteAllText(_folder["text"], "\n \n");
        Assert.Contains("has no text; expected a document a line", Error(Settings));
    }

    public void Dispose() => _folder.Dispose();

    private PretrainSettings Settings => new()
    {
        Tokenizer = Path.Combine(AppContext.BaseDirectory, "Golden", "tokenizer-tiny"),
        Train = _folder["text"],
        Eval = _folder["text"],
        Output = _folder["model"],
        Hidden = 16, Layers = 2, Heads = 2, KeyValueHeads = 1, Intermediate = 32, Context = 16, Batch = 4, Steps = 40, Warmup = 5, LearningRate = 1e-2,
        Device = ComputeDevice.Cpu,
    };

    private static string Error(PretrainSettings settings) =>
        Assert.Throws<InvalidInputException>(() => new Pretrainer(settings, TimeProvider.System).Run("", _ => { }, CancellationToken.None)).Message;
}
