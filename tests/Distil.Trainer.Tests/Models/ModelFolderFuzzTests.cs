using Distil.Core.Errors;
using Distil.Core.Models;
using Distil.Core.Tokenization;
using Distil.Fuzzing;
using Distil.Inference.Models;
using Distil.Trainer.Metrics;
using Distil.Trainer.Training.Checkpoints;

namespace Distil.Trainer.Tests.Models;

/// <summary>The small files of models and trainings, from anybody.</summary>
public sealed class ModelFolderFuzzTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("distil-tests-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("qwen2-tiny")]
    [InlineData("llama-tiny")]
    public Task Transformer_configs(string model) =>
        HoldsAsync("config.json", File.ReadAllText($"Golden/{model}/config.json"), folder => TransformerConfigFile.Read(folder));

    [Fact]
    public Task Student_configs() => HoldsAsync("config.json", File.ReadAllText("Golden/xlstm-tiny/config.json"), folder => XlstmConfigFile.Read(folder));

    [Fact]
    public Task Tokenizers() => HoldsAsync(
        "tokenizer.json", File.ReadAllText("Golden/tokenizer-tiny/tokenizer.json"), Tokenize, iterations: 250);

    [Fact]
    public Task Checkpoint_states() => HoldsAsync(
        CheckpointFolder.StateFile, """{"version":1,"position":{"epoch":0,"step":4,"globalStep":4},"seed":1,"specHash":"ab"}""", folder => CheckpointFolder.ReadState(folder));

    [Fact]
    public Task Metrics_logs() => HoldsAsync(
        "metrics.jsonl", """{"epoch":0,"step":0,"globalStep":0,"loss":1,"crossEntropy":1,"learningRate":1,"gradientNorm":1,"tokens":1,"tokensPerSecond":1}""",
        folder => MetricsLog.Open(Path.Combine(folder, "metrics.jsonl"), 5).Dispose());

    private static void Tokenize(string folder)
    {
        var tokenizer = HuggingFaceTokenizer.Load(folder);
        tokenizer.Decode([.. tokenizer.Encode("Once upon a time")]);
    }

    private async Task HoldsAsync(string name, string valid, Action<string> read, int iterations = 1_000)
    {
        await Hostile.EndsInAsync<InvalidInputException>(Mutations.OfJson(valid), Read, iterations);
        await Hostile.EndsInAsync<InvalidInputException>(Mutations.Of(System.Text.Encoding.UTF8.GetBytes(valid)), Read, iterations / 2);

        void Read(byte[] bytes)
        {
            File.WriteAllBytes(Path.Combine(_folder.FullName, name), bytes);
            read(_folder.FullName);
        }
    }
}
