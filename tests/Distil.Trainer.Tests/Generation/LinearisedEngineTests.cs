using Distil.Core.Models;
using Distil.Core.Specification;
using Distil.Inference.Engines;
using Distil.Inference.Sampling;
using Distil.Trainer.Generation;
using Distil.Trainer.Models.Linearised;
using Distil.Trainer.Torch;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Generation;

/// <summary>The engine against linearised students in torch, of teachers of each family.</summary>
public sealed class LinearisedEngineTests
{
    private const int Length = 50;

    public static TheoryData<string, string, LinearisedShape> Students
    {
        get
        {
            var data = new TheoryData<string, string, LinearisedShape>();
            foreach (var golden in new[] { "qwen2-tiny", "qwen3-tiny", "llama-tiny" })
            {
                LinearisedShape Shape(int window, int sinks, FeatureMap features, params int[] keep) =>
                    Models.Linearised.Students.ShapeOf(golden, window, sinks, features, keep);
                data.Add("recurrent", golden, Shape(0, 0, FeatureMap.Softmax) with { OutputGate = false });
                data.Add("recurrent, both, gate", golden, Shape(0, 0, FeatureMap.Both));
                data.Add("window and sinks", golden, Shape(6, 3, FeatureMap.Softmax));
                data.Add("window of one", golden, Shape(1, 0, FeatureMap.Both));
                data.Add("window longer than the text", golden, Shape(200, 2, FeatureMap.Softmax));
                data.Add("hybrid", golden, Shape(5, 1, FeatureMap.Both, 0, 2) with { OutputGate = false });
                data.Add("hybrid without a window", golden, Shape(0, 0, FeatureMap.Softmax, 1));
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Students), DisableDiscoveryEnumeration = true)]
    public void Logits_equal_those_of_the_model_in_torch(string name, string golden, LinearisedShape shape)
    {
        using var pause = NoGcRegion.Begin();
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        using var model = Create(shape, golden);
        using var engine = Open(model);
        int[] tokens = [.. Enumerable.Range(0, Length).Select(i => i * 13 % model.VocabularySize)];
        var expected = Models.Linearised.Students.Logits(model, tensor(tokens, 1, Length, dtype: ScalarType.Int64))[0]; // (S, V)
        var tolerance = 1e-4f * expected.abs().max().item<float>();
        using var state = engine.NewState();
        for (var t = 0; t < Length; t++)
        {
            engine.Run([new(state, tokens[t], true)]);
            var row = expected[t].data<float>().ToArray();
            for (var i = 0; i < row.Length; i++)
            {
                Assert.True(Math.Abs(row[i] - engine.Logits(0)[i]) <= tolerance, $"{name}, {golden}, token {t}, logit {i}: {engine.Logits(0)[i]}; torch: {row[i]}");
            }
        }
    }

    [Theory]
    [InlineData("qwen2-tiny")]
    [InlineData("llama-tiny")]
    public void Greedy_tokens_are_those_of_the_model_in_torch(string golden)
    {
        using var pause = NoGcRegion.Begin();
        using var model = Create(Models.Linearised.Students.ShapeOf(golden, 5, 2, FeatureMap.Softmax, 1), golden);
        using var engine = Open(model);
        var (torchs, cancel) = (new TorchTextModel(model), TestContext.Current.CancellationToken);
        Assert.Equal(128, torchs.MaxPositions);
        Assert.Equal(128, engine.MaxPositions);
        Assert.Equal(
            new Inference.Generation.Generator(torchs).Continue([5, 9], SamplingOptions.Greedy, 60, cancel: cancel),
            new Inference.Generation.Generator(engine).Continue([5, 9], SamplingOptions.Greedy, 60, cancel: cancel));
    }

    /// <summary>A student whose weights are far from the values at which training starts.</summary>
    private static LinearisedModel Create(LinearisedShape shape, string golden)
    {
        var model = Models.Linearised.Students.Create(shape, golden);
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        using var random = new Generator(3, CPU);
        foreach (var (_, value) in model.InheritedParameters)
        {
            value.add_(randn(value.shape, generator: random), alpha: 0.02);
        }

        return model;
    }

    private static StudentEngine Open(LinearisedModel model)
    {
        var folder = Directory.CreateTempSubdirectory("distil-engine-").FullName;
        model.Save(folder);
        return StudentEngine.Open(folder, new() { Threads = 1 });
    }
}
