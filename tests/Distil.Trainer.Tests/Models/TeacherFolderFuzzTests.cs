using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using Distil.Core.Errors;
using Distil.Core.Models;
using Distil.Core.Runs.Planning;
using Distil.Core.Safetensors;
using Distil.Core.Settings;
using Distil.Core.Sources;
using Distil.Core.Specification;
using Distil.Core.Tokenization;
using Distil.Fuzzing;
using Distil.Trainer.Models.Transformers;
using Distil.Trainer.Safetensors;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Models;

/// <summary>Damaged teachers: what the plan accepts from headers alone, a job loads.</summary>
public sealed class TeacherFolderFuzzTests : IDisposable
{
    private static readonly SourceCatalog Catalog = SourceCatalog.Create(new SourceSettings(), TimeProvider.System);

    private readonly string _folder = Directory.CreateTempSubdirectory("distil-tests-").FullName;

    public TeacherFolderFuzzTests()
    {
        WriteTeacher();
        File.Copy(Path.Combine("Golden", "tokenizer-tiny", "tokenizer.json"), Path.Combine(_folder, "tokenizer.json"));
        File.WriteAllText(Path.Combine(_folder, "tokenizer_config.json"), """{"eos_token": {"content": "a"}, "bos_token": null}""");
        File.WriteAllText(Path.Combine(_folder, "text.txt"), "Once upon a time.\n");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("config.json")]
    [InlineData("tokenizer.json")]
    [InlineData("tokenizer_config.json")]
    [InlineData("model.safetensors.index.json")]
    public Task A_changed_document(string name)
    {
        var valid = File.ReadAllText(Path.Combine(_folder, name));
        return HoldsAsync(name, Gen.OneOf(Mutations.OfJson(valid).Select(Encoding.UTF8.GetBytes), Mutations.Of(Encoding.UTF8.GetBytes(valid))));
    }

    [Fact]
    public Task A_changed_header_of_weights()
    {
        const string Name = "model-00001-of-00002.safetensors";
        return HoldsAsync(Name, Mutations.OfSafetensors(File.ReadAllBytes(Path.Combine(_folder, Name))));
    }

    [Fact]
    public void The_folder_that_is_damaged_is_accepted_undamaged() => Require();

    /// <summary>A teacher for the tokenizer's tokens, in two files of weights.</summary>
    private void WriteTeacher()
    {
        using var scope = NewDisposeScope();
        using (var teacher = TransformerModel.Create(
            new TransformerConfig
            {
                Family = TransformerFamily.Llama, VocabularySize = 1024, HiddenSize = 16, IntermediateSize = 24, Layers = 1, Heads = 2, KeyValueHeads = 1,
                HeadSize = 8, MaxPositions = 64, TiedHead = true,
            },
            seed: 3,
            CPU))
        {
            teacher.Save(_folder);
        }

        var whole = Path.Combine(_folder, WeightIndex.SingleName);
        var map = new JsonObject();
        using (var file = SafetensorsFile.Open(whole))
        {
            foreach (var part in file.Entries.Keys.Order(StringComparer.Ordinal).Chunk((file.Entries.Count + 1) / 2).Index())
            {
                var name = $"model-0000{part.Index + 1}-of-00002.safetensors";
                SafetensorsWriter.Write(Path.Combine(_folder, name), part.Item.Select(tensor => KeyValuePair.Create(tensor, file.Read(tensor))));
                part.Item.ToList().ForEach(tensor => map[tensor] = name);
            }
        }

        File.Delete(whole);
        File.WriteAllText(Path.Combine(_folder, WeightIndex.Name), new JsonObject { ["metadata"] = new JsonObject { ["total_size"] = 1 }, ["weight_map"] = map }.ToJsonString());
    }

    private Task HoldsAsync(string name, Gen<byte[]> inputs) => Hostile.EndsInAsync<InvalidInputException>(inputs, bytes =>
    {
        File.WriteAllBytes(Path.Combine(_folder, name), bytes);
        Require();
    }, iterations: 80);

    private void Require()
    {
        var spec = new RunSpec
        {
            Name = "fuzz",
            Teacher = new TeacherSpec { Path = _folder },
            Dataset = new DatasetSpec { Sources = [Path.Combine(_folder, "text.txt")], ContextLength = 8 },
        };
        var plan = new RunPlanner(TimeProvider.System, Catalog).PlanAsync(spec).GetAwaiter().GetResult();
        Exception? refused = null;
        try
        {
            using var teacher = TransformerModel.Load(_folder, CPU, ScalarType.Float32);
            Assert.Equal(plan.Teacher.VocabularySize, teacher.VocabularySize);
            _ = HuggingFaceTokenizer.Load(_folder).EndOfText;
        }
        catch (InvalidInputException late)
        {
            refused = late;
        }

        // What headers do not show: bytes that differ between two files, and values that are not finite.
        Assert.True(
            refused is null || refused.Message.Contains("expected finite numbers", StringComparison.Ordinal)
                || refused.Message.Contains("differs from that in", StringComparison.Ordinal),
            $"the plan accepts what a job refuses: {refused?.Message}");
    }
}
