using Distil.Core.Models;
using Distil.Core.Specification;
using Distil.Inference.CudaEngines;
using Distil.Inference.Tests.Engines;

namespace Distil.Inference.Tests.CudaEngines;

/// <summary>A linearised student on a card against the engine on the CPU. CI has no card.</summary>
public sealed class LinearisedCudaTests
{
    private static readonly LinearisedShape Recurrent = RandomLinearised.Recurrent, Windowed = RandomLinearised.Windowed, Hybrid = RandomLinearised.Hybrid;

    public static TheoryData<string, LinearisedShape> Shapes => new()
    {
        { "recurrent, norms of heads", Recurrent },
        { "window, sinks, both features, output gate, all biases", Windowed },
        { "one layer keeps attention", Hybrid },
        { "the first layers keep attention", Hybrid with { KeepAttention = [0, 1], Window = 0 } },
        { "a window of one position", Windowed with { Window = 1, Sinks = 0 } },
        { "more sinks than positions in the window", Windowed with { Window = 2, Sinks = 9, FeatureMap = FeatureMap.Softmax } },
        { "wide heads", Windowed with { Transformer = Heads(2, 1, 256) } },
        { "one query head a key", Windowed with { Transformer = Heads(3, 3, 64), Window = 40 } },
        { "the paper's heads", Recurrent with { Transformer = Heads(6, 1, 128), Window = 70, Sinks = 4 } },
    };

    [Theory]
    [MemberData(nameof(Shapes), DisableDiscoveryEnumeration = true)]
    public void Logits_and_greedy_tokens_equal_those_of_the_engine_on_the_processor(string name, LinearisedShape shape)
    {
        using var comparison = new CudaComparison(RandomLinearised.Write(shape, bfloat16: true), TestCard.Require());
        Assert.True(comparison.Difference(EngineSteps.Tokens) < 2e-5, $"{name}: {comparison.Difference(EngineSteps.Tokens)}");
        Assert.Equal(150, comparison.EqualTokens(first: 5, 150)); // past the end of the window's ring
    }

    [Theory]
    [InlineData("recurrent", 9)]
    [InlineData("windowed", 64)]
    [InlineData("hybrid", 17)]
    public void A_sequence_among_others_gets_the_same_bits_as_alone(string kind, int sequences)
    {
        using var comparison = new CudaComparison(EngineSteps.Write(kind), TestCard.Require());
        Assert.True(comparison.IsAloneAmongOthers(EngineSteps.Tokens, sequences));
    }

    [Theory]
    [InlineData("recurrent", 10_000)]
    [InlineData("windowed", 10_000)]
    [InlineData("hybrid", 500)]
    public void A_replayed_graph_gives_the_same_bits_as_its_kernels_one_by_one(string kind, int tokens)
    {
        using var comparison = new CudaComparison(EngineSteps.Write(kind), TestCard.Require());
        Assert.Equal((tokens, true), comparison.Replayed(tokens, 1));
    }

    [Fact]
    public void A_student_whose_heads_are_too_wide_runs_on_no_card()
    {
        var folder = RandomLinearised.Write(Recurrent with { Transformer = Heads(1, 1, 258) });
        Assert.Equal("head_dim is 258; the kernels compute heads of at most 256 values", CudaStudent.UnavailableReason(folder));
        Assert.Null(CudaStudent.UnavailableReason(RandomLinearised.Write(Recurrent)));
    }

    private static TransformerConfig Heads(int heads, int keyValueHeads, int size) =>
        Recurrent.Transformer with { Heads = heads, KeyValueHeads = keyValueHeads, HeadSize = size };
}
