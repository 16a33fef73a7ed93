using Distil.Core.Safetensors;
using Distil.Core.Specification;
using Distil.Inference.Models;
using Distil.Onnx.Tests;
using Distil.Trainer.Models.Xlstm;
using Distil.Trainer.Models;
using Distil.Trainer.Safetensors;
using Distil.Trainer.Tests.Models.Linearised;
using Distil.Trainer.Tests.Models.Xlstm;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Models;

/// <summary>The Python code of a student's folder, in transformers, if this machine's python3 has it.</summary>
/// <remarks><c>DISTIL_PYTHON_CASES</c> names a folder in which the cases stay, for a machine with Python and without .NET: <c>python3 check_student.py
/// FOLDER/*</c>.</remarks>
public sealed class PythonStudentTests : IDisposable
{
    private const int Continuation = 64;
    private readonly string? _kept = PythonProgram.KeptFolder;
    private readonly DirectoryInfo _temporary = Directory.CreateTempSubdirectory("distil-tests-");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _temporary.Delete(recursive: true);

    [Fact]
    public async Task Transformers_computes_and_generates_the_same()
    {
        string[] cases =
        [
            Case("xlstm", GoldenStudent.Load()),
            Case("xlstm-shards", GoldenStudent.Load(), new() { FileBytes = 10_000 }),
            Case("xlstm-vanilla-tied", Tied()),
            Case("xlstm-bf16", GoldenStudent.Load(), WeightStorage.Of(bfloat16: true)),
            Case("xlstm-vanilla-tied-bf16", Tied(), WeightStorage.Of(bfloat16: true)),
            Case("linearised", Students.Create(Students.ShapeOf("qwen2-tiny", window: 0), "qwen2-tiny")),
            Case("linearised-window", Students.Create(Students.ShapeOf("qwen3-tiny", window: 5, sinks: 2, FeatureMap.Both), "qwen3-tiny")),
            Case("linearised-kept", Students.Create(Students.ShapeOf("llama-tiny", window: 4, sinks: 3, FeatureMap.Softmax, 1), "llama-tiny")),
            Case("linearised-bf16", Students.Create(Students.ShapeOf("qwen2-tiny", window: 0), "qwen2-tiny"), WeightStorage.Of(bfloat16: true)),
            Case(
                "linearised-window-bf16", Students.Create(Students.ShapeOf("qwen3-tiny", window: 5, sinks: 2, FeatureMap.Both), "qwen3-tiny"),
                WeightStorage.Of(bfloat16: true)),
        ];
        Assert.SkipUnless(await PythonProgram.RunAsync("-c", "import torch, transformers, safetensors") is (0, _), "python3 has no torch or no transformers");

        var (exit, output) = await PythonProgram.RunAsync([Path.Combine(AppContext.BaseDirectory, "Python", "check_student.py"), .. cases]);
        Assert.True(exit == 0, output);
    }

    [Fact]
    public void A_folder_has_every_file_that_its_config_names()
    {
        foreach (var folder in new[] { Case("xlstm", GoldenStudent.Load()), Case("linearised", Students.Create(Students.ShapeOf("qwen2-tiny", 0), "qwen2-tiny")) })
        {
            var map = System.Text.Json.Nodes.JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "config.json")))!["auto_map"]!.AsObject();
            Assert.Equal(["AutoConfig", "AutoModel", "AutoModelForCausalLM"], map.Select(entry => entry.Key));
            foreach (var (_, value) in map)
            {
                var (file, type) = value!.GetValue<string>().Split('.') is [var first, var second] ? (first, second) : default;
                var code = File.ReadAllText(Path.Combine(folder, $"{file}.py"));
                Assert.Contains($"class {type}(", code, StringComparison.Ordinal);
                foreach (var import in code.Split('\n').Where(line => line.StartsWith("from .", StringComparison.Ordinal)))
                {
                    Assert.True(File.Exists(Path.Combine(folder, $"{import.Split(' ')[1][1..]}.py")), import);
                }
            }
        }
    }

    private static XlstmModel Tied()
    {
        using var golden = GoldenStudent.Load();
        var config = golden.Config with { TieWeights = true, Layout = RecurrentLayout.Vanilla };
        return XlstmModel.Create(config, golden.EmbeddingWeight, golden.EmbeddingWeight, seed: 3, CPU);
    }

    /// <summary>A student's folder with what is expected of it.</summary>
    private string Case(string name, IStudentModel student, WeightStorage? storage = null)
    {
        var folder = Path.Combine(_kept ?? _temporary.FullName, name);
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        using var random = new Generator(7, CPU);
        var ids = randint(1, student.VocabularySize, [2, 40], ScalarType.Int64, generator: random);
        student.Save(folder, storage);
        student.Dispose();
        using var model = (IStudentModel)LanguageModelLoader.Load(folder, CPU); // with what the storage leaves of the weights
        SafetensorsWriter.Write(Path.Combine(folder, "case.safetensors"), new Dictionary<string, Tensor>
        {
            ["input_ids"] = ids,
            ["logits"] = model.Forward(ids).matmul(model.HeadWeight.t()).contiguous(),
            ["greedy"] = Continue(model, ids),
        });
        return folder;
    }

    private static Tensor Continue(IStudentModel model, Tensor ids)
    {
        using var state = model.StartDecoding((int)ids.shape[0]);
        var next = ids;
        var made = new List<Tensor>();
        for (var i = 0; i < Continuation; i++)
        {
            next = model.Decode(next, state).matmul(model.HeadWeight.t()).argmax(-1, keepdim: true);
            made.Add(next);
        }

        return cat(made, 1);
    }
}
