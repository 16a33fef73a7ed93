using Distil.Trainer.Models;
using Distil.Trainer.TeacherOutputs;
using Distil.Trainer.Tests.Distillation;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.TeacherOutputs;

public sealed class TeacherExtractorTests
{
    private static readonly double[] Nodes = TemperatureNodes.Between(1, 2);

    private static TeacherTargets Extract(Tensor logits, double topP, int maxTokens, double nucleusTemperature = 1, Tensor? lengths = null) =>
        Heads.Sparse(logits, eye(logits.shape[^1]), new()
        {
            Keep = new() { TopP = topP, MaxTokens = maxTokens },
            NucleusTemperature = nucleusTemperature,
            InverseTemperatures = Nodes,
            ChunkPositions = 3,
        }, lengths);

    private static Tensor Logits(params double[] probabilities) => tensor(probabilities).log().to(ScalarType.Float32).reshape(1, 1, -1);

    [Theory]
    [InlineData(0.5, 2)]
    [InlineData(0.69, 2)]
    [InlineData(0.71, 3)]
    [InlineData(0.1, 1)]
    [InlineData(0.0, 1)]
    [InlineData(1.0, 5)]
    public void Keeps_the_smallest_set_that_reaches_the_mass(double topP, int expected)
    {
        using var targets = Extract(Logits(0.1, 0.4, 0.05, 0.3, 0.15), topP, maxTokens: 128);
        Assert.Equal(new long[] { 1, 3, 4, 0, 2 }[..expected], targets.TokenIds.data<long>());
        Assert.Equal(Math.Log(0.4), targets.LogProbabilities[0, 0].item<float>(), 1e-5);
    }

    [Fact]
    public void A_hotter_nucleus_keeps_more()
    {
        var logits = Logits(0.1, 0.4, 0.05, 0.3, 0.15);
        Assert.Equal(2, Extract(logits, 0.65, 5).TokenIds.shape[1]);
        Assert.Equal(4, Extract(logits, 0.79, 5, nucleusTemperature: 4).TokenIds.shape[1]);
    }

    [Fact]
    public void The_cap_holds_and_the_tail_is_what_it_cuts_off()
    {
        using var targets = Extract(Logits(0.1, 0.4, 0.05, 0.3, 0.15), 0.99, maxTokens: 2);
        Assert.Equal([1L, 3L], targets.TokenIds.data<long>());
        Assert.Equal(Math.Log(0.3), targets.TailLogSumExp[0, -1].item<float>(), 1e-5);
        Assert.Equal(Math.Log(Math.Sqrt(0.1) + Math.Sqrt(0.05) + Math.Sqrt(0.15)), targets.TailLogSumExp[0, 0].item<float>(), 1e-5);
    }

    [Theory]
    [InlineData(1.0)]
    [InlineData(1.25)]
    [InlineData(2.0)]
    public void At_any_temperature_the_kept_tokens_have_their_dense_probabilities(double temperature)
    {
        var logits = randn([2, 5, 400], generator: new Generator(2)) * 3;
        using var targets = Extract(logits, 0.9, 20);
        var dense = (logits.reshape(-1, 400) / temperature).log_softmax(-1).gather(-1, targets.TokenIds);
        var at = targets.At(temperature);
        var used = at.KeptLog.isneginf().logical_not();
        Assert.True(at.KeptLog.masked_select(used).allclose(dense.masked_select(used), rtol: 1e-3, atol: 1e-3));
    }

    [Fact]
    public void Padding_is_a_certain_token()
    {
        var logits = randn([2, 4, 50], generator: new Generator(2));
        using var targets = Extract(logits, 0.9, 20, lengths: tensor(new long[] { 4, 1 }));
        Assert.Equal(0f, targets.LogProbabilities[5, 0].item<float>());
        Assert.True(targets.TailLogSumExp.narrow(0, 5, 3).isneginf().all().item<bool>());
    }

    [Fact]
    public void A_model_gives_its_distributions_and_the_mean_of_its_layers_without_the_embedding()
    {
        using var scope = NewDisposeScope();
        var model = new ThreeLayers();
        var ids = tensor(new long[] { 3, 1, 4, 1 }, [2L, 2L]);
        var settings = new ExtractionSettings { InverseTemperatures = Nodes, MeanHidden = true };

        var targets = new TeacherExtractor(model, settings).Extract(ids);

        var (final, layers) = model.ForwardWithLayers(ids);
        Assert.True(targets.MeanHidden!.allclose((layers[1] + layers[2] + layers[3]) / 3));
        var dense = final.matmul(model.HeadWeight.t()).reshape(4, -1).log_softmax(-1);
        Assert.True(targets.LogProbabilities.narrow(-1, 0, 1).allclose(dense.amax([-1L], keepdim: true), atol: 1e-5));
        using var plain = new TeacherExtractor(model, settings with { MeanHidden = false }).Extract(ids);
        Assert.Null(plain.MeanHidden);
        Assert.True(plain.LogProbabilities.allclose(targets.LogProbabilities));
    }

    /// <summary>Layer i is the embedding times i + 1.</summary>
    private sealed class ThreeLayers : ILanguageModel
    {
        private readonly Tensor _embedding = randn(10, 6, generator: new Generator(4));

        public int VocabularySize => 10;

        public int HiddenSize => 6;

        public Device Device => CPU;

        public Tensor HeadWeight => _embedding;

        public IReadOnlyList<NamedParameter> TrainableParameters => [];

        public Tensor Forward(Tensor inputIds) => ForwardWithLayers(inputIds).Final;

        public (Tensor Final, IReadOnlyList<Tensor> Layers) ForwardWithLayers(Tensor inputIds)
        {
            var embedded = _embedding[inputIds];
            return (embedded * 4f, [embedded, embedded * 2f, embedded * 3f, embedded * 4f]);
        }

        public IDecodingState StartDecoding(int batch) => throw new NotSupportedException();

        public Tensor Decode(Tensor inputIds, IDecodingState state) => throw new NotSupportedException();

        public void Dispose() => _embedding.Dispose();
    }
}
