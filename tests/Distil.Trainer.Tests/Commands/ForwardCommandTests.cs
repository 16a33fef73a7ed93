using Distil.Core.Errors;
using Distil.Core.Safetensors;
using Distil.Trainer.Commands;
using Distil.Trainer.Safetensors;
using Distil.Trainer.Tests.Models;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Commands;

public sealed class ForwardCommandTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("distil-tests-");

    public void Dispose() => _folder.Delete(recursive: true);

    private string PathOf(string name) => Path.Combine(_folder.FullName, name);

    private string MessageFor(Tensor ids)
    {
        SafetensorsWriter.Write(PathOf("ids.safetensors"), [new("input_ids", ids)]);
        var error = Assert.Throws<InvalidInputException>(
            () => ForwardCommand.Run("Golden/qwen2-tiny", PathOf("ids.safetensors"), PathOf("out.safetensors"), CPU));
        Assert.False(File.Exists(PathOf("out.safetensors")));
        return error.Message;
    }

    [Theory]
    [InlineData("qwen2-tiny", ScalarType.Float32)]
    [InlineData("qwen3-tiny", ScalarType.Float32)]
    [InlineData("llama-tiny", ScalarType.BFloat16)] // computed by a model that was cast as a whole
    public void Writes_a_teachers_logits_and_hidden_states_as_the_golden_case_has_them(string name, ScalarType rotaryPrecision)
    {
        using var golden = new GoldenCase(name);

        ForwardCommand.Run(golden.Folder, $"{golden.Folder}/case.safetensors", PathOf("out.safetensors"), CPU, rotaryPrecision);

        using var written = SafetensorsFile.Open(PathOf("out.safetensors"));
        Assert.Equal(["hidden_states.0", "hidden_states.1", "hidden_states.2", "hidden_states.3", "logits"], written.Entries.Keys.Order());
        Assert.All(written.Entries, entry => Assert.Equal("F32", entry.Value.Dtype.Name));
        foreach (var tensor in written.Entries.Keys)
        {
            Assert.InRange(GoldenCase.RelativeError(written.Read(tensor), golden[tensor]), 0, 1e-4);
        }
    }

    [Fact]
    public void Ids_outside_the_vocabulary_are_refused() =>
        Assert.Contains("ids from 0 to 131; the model takes 0 to 130", MessageFor(tensor(new long[,] { { 0, 131 } })));

    [Fact]
    public void Ids_of_another_type_are_refused() =>
        Assert.Contains("input_ids is [1, 2] I32; expected [B, S] I64", MessageFor(tensor(new[,] { { 0, 1 } })));

    [Fact]
    public void Ids_longer_than_the_context_are_refused() =>
        Assert.Contains(
            "the length of input_ids is 129; the model's config.json (max_position_embeddings) allows 128", MessageFor(zeros(1, 129, ScalarType.Int64)));
}
