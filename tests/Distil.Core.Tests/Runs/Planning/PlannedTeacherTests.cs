using Distil.Core.Errors;
using Distil.Core.Tests.Models;

namespace Distil.Core.Tests.Runs.Planning;

/// <summary>A teacher's folder is examined before anything is done with it.</summary>
public sealed class PlannedTeacherTests : PlanningFixture
{
    [Theory]
    [InlineData("config.json", null, "has no config.json; expected a Hugging Face folder")]
    [InlineData("tokenizer.json", null, "has no tokenizer.json; expected a Hugging Face folder")]
    [InlineData("model.safetensors", null, "has no *.safetensors; expected model.safetensors, or shards with their index")]
    [InlineData("config.json", "{", "config.json: cannot be read")]
    [InlineData("config.json", """{ "model_type": "gpt2" }""", "config.json: model_type is \"gpt2\"; expected one of qwen2, qwen3, llama, mistral")]
    [InlineData("config.json", """{ "model_type": "llama" }""", "config.json: hidden_size is missing; expected a whole number ≥ 1")]
    [InlineData("config.json", """{ "model_type": "llama", "hidden_size": 64, "num_attention_heads": 4, "num_hidden_layers": 2, "hidden_act": "gelu" }""", "config.json: hidden_act is \"gelu\"; expected silu")]
    [InlineData("tokenizer.json", """{ "model": { "type": "Unigram" } }""", "tokenizer.json: model.type: Unigram is not supported")]
    [InlineData("tokenizer.json", """{ "model": { "type": "BPE", "dropout": 0.1 } }""", "tokenizer.json: model.dropout: 0.1 is not supported")]
    [InlineData("tokenizer.json", "version https://git-lfs.github.com/spec/v1\n", "tokenizer.json: is a Git LFS pointer")]
    [InlineData("model.safetensors", "version https://git-lfs.github.com/spec/v1\n", "model.safetensors: is a Git LFS pointer")]
    [InlineData("model.safetensors", "weights", "model.safetensors: 7 bytes are too few for a safetensors file")]
    [InlineData("adapter_config.json", "{}", "has adapter_config.json, an adapter, which is not read")]
    public async Task A_teacher_that_cannot_be_used_is_refused(string file, string? content, string message)
    {
        File.Delete(Path.Combine(Folder.Path, "teacher", file));
        if (content is not null)
        {
            Folder.Write($"teacher/{file}", content);
        }

        Assert.Contains(message, (await Assert.ThrowsAsync<InvalidInputException>(() => PlanAsync())).Message);
    }

    [Fact]
    public async Task A_teacher_with_weights_that_are_cut_off_or_missing_is_refused()
    {
        var path = Path.Combine(Folder.Path, "teacher", "model.safetensors");
        File.WriteAllBytes(path, TinyTeacher.Weights()[..^1]);
        Assert.Contains("model.safetensors: lm_head.weight ends at byte", (await Assert.ThrowsAsync<InvalidInputException>(() => PlanAsync())).Message);
        File.WriteAllBytes(path, TinyTeacher.Weights(name => name != "model.layers.1.mlp.up_proj.weight"));
        Assert.Contains("the weights have no tensor model.layers.1.mlp.up_proj.weight", (await Assert.ThrowsAsync<InvalidInputException>(() => PlanAsync())).Message);
    }

    [Fact]
    public async Task A_tokenizer_with_more_ids_than_the_teacher_has_rows_is_refused()
    {
        Folder.Write("teacher/config.json", TinyTeacher.Config.Replace("288", "256", StringComparison.Ordinal));
        Assert.Contains("has ids up to 256; the model", (await Assert.ThrowsAsync<InvalidInputException>(() => PlanAsync())).Message);
    }

    [Fact]
    public async Task What_is_read_of_a_teacher_and_what_is_not_is_in_the_plan()
    {
        File.WriteAllBytes(Path.Combine(Folder.Path, "teacher", "stale.safetensors"), []);
        var reading = (await PlanAsync()).TeacherReading!;
        Assert.Equal(["model.safetensors"], reading.Files);
        Assert.Equal(TinyTeacher.Shapes.Count, reading.Tensors["BF16"]);
        Assert.Contains("not from stale.safetensors", Assert.Single(reading.Warnings));
    }
}
