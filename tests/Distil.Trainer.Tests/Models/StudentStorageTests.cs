using Distil.Core.Safetensors;
using Distil.Core.Specification;
using Distil.Inference.Engines;
using Distil.Inference.Matrices;
using Distil.Trainer.Models;
using Distil.Trainer.Tests.Models.Linearised;
using Distil.Trainer.Tests.Models.Xlstm;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Models;

/// <summary>Students written in bfloat16 and in several files, read by torch and by the engine without it.</summary>
public sealed class StudentStorageTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("distil-tests-");

    public static TheoryData<string, WeightStorage> Storages => new()
    {
        { "xlstm", WeightStorage.Of(bfloat16: true) with { FileBytes = 10_000 } },
        { "linearised", WeightStorage.Of(bfloat16: true) with { FileBytes = 10_000 } },
        { "xlstm", new() { FileBytes = 10_000 } },
        { "linearised", new() { FileBytes = 10_000 } },
    };

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [MemberData(nameof(Storages), DisableDiscoveryEnumeration = true)]
    public void A_student_is_the_same_in_torch_and_in_the_engine(string kind, WeightStorage storage)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        using var model = Create(kind);
        model.Save(_folder.FullName, storage);
        Assert.True(_folder.GetFiles("model-*.safetensors").Length > 2);
        Assert.Contains($"\"dtype\": \"{storage.ConfigName}\"", File.ReadAllText(Path.Combine(_folder.FullName, "config.json")), StringComparison.Ordinal);

        using var read = LanguageModelLoader.Load(_folder.FullName, CPU);
        Assert.Equal([storage.Dtype.Name], read.Reading!.Tensors.Keys);
        var rounded = model.HeadWeight.to(storage.Dtype.Name == "BF16" ? ScalarType.BFloat16 : ScalarType.Float32).to(ScalarType.Float32);
        Assert.True(rounded.equal(read.HeadWeight).all().item<bool>());
        using var engine = StudentEngine.Open(_folder.FullName, new() { Threads = 1, Weights = WeightFormat.AsStored });
        AssertSame(read, engine);
    }

    private static void AssertSame(ILanguageModel read, StudentEngine engine)
    {
        int[] tokens = [.. Enumerable.Range(0, 20).Select(i => i * 13 % read.VocabularySize)];
        var logits = read.Forward(tensor(tokens, 1, tokens.Length, dtype: ScalarType.Int64))[0].matmul(read.HeadWeight.t());
        var expected = logits.data<float>().ToArray();
        var tolerance = 1e-4f * expected.Max(MathF.Abs);
        using var state = engine.NewState();
        for (var t = 0; t < tokens.Length; t++)
        {
            engine.Run([new(state, tokens[t], true)]);
            for (var i = 0; i < read.VocabularySize; i++)
            {
                Assert.Equal(expected[t * read.VocabularySize + i], engine.Logits(0)[i], tolerance);
            }
        }
    }

    private static IStudentModel Create(string kind) => kind == "xlstm"
        ? GoldenStudent.Load()
        : Students.Create(Students.ShapeOf("qwen3-tiny", window: 5, sinks: 2, FeatureMap.Both), "qwen3-tiny");
}
