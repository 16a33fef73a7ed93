using Distil.Inference.Engines;
using Distil.Inference.Matrices;
using Distil.Inference.Models;
using Distil.Inference.Sampling;
using Distil.Trainer.Generation;
using Distil.Trainer.Models.Xlstm;
using Distil.Trainer.Torch;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Generation;

/// <summary>The engine against the model in torch: two programs that share no arithmetic.</summary>
public sealed class StudentEngineTests
{
    public static TheoryData<string, XlstmConfig> Shapes
    {
        get
        {
            var usual = new XlstmConfig { VocabularySize = 97, ContextLength = 64, Blocks = 3, Width = 64, SlstmAt = [1] };
            return new()
            {
                { "usual", usual },
                { "odd widths", usual with { Width = 60, SlstmHeads = 3, MlstmHeads = 2, QkvBlockSize = 64 } },
                { "long and short kernels", usual with { SlstmConvKernel = 1, MlstmConvKernel = 7, QkvBlockSize = 16 } },
                { "only sLSTM, SELU, tied", usual with { SlstmAt = [0, 1, 2], FeedForwardActivation = "selu", TieWeights = true } },
                { "only mLSTM", usual with { SlstmAt = [], MlstmHeads = 8 } },
                { "vanilla layout, squared ReLU", usual with { Layout = RecurrentLayout.Vanilla, FeedForwardActivation = "relu^2", SlstmHeads = 1 } },
                { "swish", usual with { FeedForwardActivation = "swish" } },
                { "sigmoid", usual with { FeedForwardActivation = "sigmoid" } },
            };
        }
    }

    [Theory]
    [MemberData(nameof(Shapes), DisableDiscoveryEnumeration = true)]
    public void Logits_equal_those_of_the_model_in_torch(string name, XlstmConfig config)
    {
        using var pause = NoGcRegion.Begin();
        using var model = Create(config);
        using var engine = Open(model);
        int[] tokens = [.. Enumerable.Range(0, 50).Select(i => i * 13 % config.VocabularySize)];
        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        var expected = model.Forward(tensor(tokens, 1, tokens.Length, dtype: ScalarType.Int64))[0].matmul(model.HeadWeight.t()); // (S, V)
        var tolerance = 1e-4f * expected.abs().max().item<float>();
        using var state = engine.NewState();
        for (var t = 0; t < tokens.Length; t++)
        {
            engine.Run([new(state, tokens[t], true)]);
            var row = expected[t].data<float>().ToArray();
            for (var i = 0; i < row.Length; i++)
            {
                Assert.True(Math.Abs(row[i] - engine.Logits(0)[i]) <= tolerance, $"{name}, token {t}, logit {i}: {engine.Logits(0)[i]}; torch: {row[i]}");
            }
        }
    }

    [Fact]
    public void Greedy_tokens_are_those_of_the_model_in_torch()
    {
        using var pause = NoGcRegion.Begin();
        using var model = Create(new() { VocabularySize = 97, ContextLength = 64, Blocks = 4, Width = 64, SlstmAt = [0, 2] });
        using var engine = Open(model);
        var cancel = TestContext.Current.CancellationToken;
        Assert.Equal(
            new Inference.Generation.Generator(new TorchTextModel(model)).Continue([5, 9], SamplingOptions.Greedy, 60, cancel: cancel),
            new Inference.Generation.Generator(engine).Continue([5, 9], SamplingOptions.Greedy, 60, cancel: cancel));
    }

    private static StudentEngine Open(XlstmModel model)
    {
        var folder = Directory.CreateTempSubdirectory("distil-engine-").FullName;
        model.Save(folder);
        return StudentEngine.Open(folder, new() { Threads = 1, Weights = WeightFormat.AsStored });
    }

    /// <summary>A student whose weights are far from the values at which training starts: those leave gates and recurrence without effect.</summary>
    private static XlstmModel Create(XlstmConfig config)
    {
        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        manual_seed(7);
        var embedding = randn(config.VocabularySize, config.Width);
        var model = XlstmModel.Create(config, embedding, config.TieWeights ? embedding : randn(config.VocabularySize, config.Width), seed: 3, CPU);
        foreach (var parameter in model.TrainableParameters)
        {
            parameter.Value.add_(randn(parameter.Value.shape) * 0.1);
        }

        return model;
    }
}
