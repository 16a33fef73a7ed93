using System.Text;
using CsCheck;
using Distil.Core.Errors;
using Distil.Fuzzing;
using Distil.Trainer.Models;
using Distil.Trainer.Torch;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Models.Linearised;

/// <summary>Damaged configurations of linearised students: each is refused, or gives logits for a text and for its continuation.</summary>
public sealed class LinearisedFolderFuzzTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("distil-tests-").FullName;

    public LinearisedFolderFuzzTests()
    {
        using var scope = NewDisposeScope();
        using var student = Students.Create(Students.ShapeOf("qwen2-tiny", window: 5, keep: 1), "qwen2-tiny");
        student.Save(_folder);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_folder_that_is_damaged_is_accepted_undamaged() => Compute();

    [Fact]
    public Task A_changed_configuration()
    {
        var valid = File.ReadAllText(Path.Combine(_folder, "config.json"));
        var changed = Gen.OneOf(Mutations.OfJson(valid).Select(Encoding.UTF8.GetBytes), Mutations.Of(Encoding.UTF8.GetBytes(valid)));
        return Hostile.EndsInAsync<InvalidInputException>(changed, bytes =>
        {
            File.WriteAllBytes(Path.Combine(_folder, "config.json"), bytes);
            Compute();
        }, iterations: 100);
    }

    [Theory]
    [InlineData("\"window\": 5", "\"window\": 2147483647", "window is 2147483647; expected a whole number from 0 to 1048576")]
    [InlineData("\"sinks\": 2", "\"sinks\": -1", "sinks is -1; expected a whole number from 0 to 1048576")]
    [InlineData("\"window\": 5", "\"window\": 5, \"windows\": 6", "windows is not read; expected no such field")]
    [InlineData("\"hidden_act\": \"silu\"", "\"hidden_act\": \"silu\", \"soft_cap\": 30.0", "transformer.soft_cap is not read; expected no such field")]
    [InlineData("\"hidden_act\": \"silu\"", "\"hidden_act\": \"silu\", \"num_experts\": 8", "transformer.num_experts is 8")]
    [InlineData("\"vocab_size\": 131,", "\"vocab_size\": 7,", "vocab_size is 7; expected transformer.vocab_size")]
    [InlineData("\"feature_map\": \"softmax\"", "\"feature_map\": \"\\ud800\"", "contains a text that is not Unicode")]
    [InlineData("\"hidden_size\": 64,\n  \"num", "\"hidden_size\": 65,\n  \"num", "hidden_size is 65; expected transformer.hidden_size, 64")]
    [InlineData("\"num_hidden_layers\": 3", "\"num_hidden_layers\": 9999", "num_hidden_layers is 9999; the weights have only")]
    [InlineData("\"num_hidden_layers\": 3", "\"num_hidden_layers\": 2000000000", "num_hidden_layers is 2000000000; expected a whole number from 1 to 10000")]
    public void What_is_not_read_is_refused_by_its_field(string valid, string changed, string expected)
    {
        var path = Path.Combine(_folder, "config.json");
        var text = File.ReadAllText(path);
        Assert.Contains(valid, text, StringComparison.Ordinal);
        File.WriteAllText(path, text.Replace(valid, changed, StringComparison.Ordinal));
        Assert.Contains(expected, Assert.Throws<InvalidInputException>(Compute).Message, StringComparison.Ordinal);
    }

    private void Compute()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        using var pause = NoGcRegion.Begin();
        using var model = LanguageModelLoader.Load(_folder, CPU);
        var ids = zeros(1, 4, ScalarType.Int64);
        Assert.Equal([1, 4, model.HiddenSize], model.Forward(ids).shape);
        using var state = model.StartDecoding(1);
        Assert.Equal([1, model.HiddenSize], model.Decode(ids, state).shape);
    }
}
