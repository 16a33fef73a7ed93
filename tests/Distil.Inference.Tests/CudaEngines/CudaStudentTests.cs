using Distil.Inference.CudaEngines;
using Distil.Inference.Models;
using Distil.Inference.Sampling;
using Distil.Inference.Tests.Engines;

namespace Distil.Inference.Tests.CudaEngines;

/// <summary>The student on a card against the engine on the CPU. CI has no card.</summary>
public sealed class CudaStudentTests
{
    private static readonly XlstmConfig Usual = RandomStudent.Small;

    public static TheoryData<string, XlstmConfig> Shapes => new()
    {
        { "usual", Usual },
        { "odd widths", Usual with { Width = 60, SlstmHeads = 3, MlstmHeads = 2, QkvBlockSize = 64 } },
        { "long and short kernels", Usual with { SlstmConvKernel = 1, MlstmConvKernel = 7, QkvBlockSize = 16 } },
        { "only sLSTM, SELU, tied", Usual with { SlstmAt = [0, 1, 2, 3], FeedForwardActivation = "selu", TieWeights = true } },
        { "only mLSTM", Usual with { SlstmAt = [], MlstmHeads = 8 } },
        { "squared ReLU, one head", Usual with { FeedForwardActivation = "relu^2", SlstmHeads = 1 } },
        { "swish, wide", Usual with { FeedForwardActivation = "swish", Width = 256, VocabularySize = 5003 } },
        { "sigmoid, the paper's heads", Usual with { FeedForwardActivation = "sigmoid", Width = 1536, MlstmHeads = 12, SlstmHeads = 12 } },
        { "ReLU, many tokens", Usual with { FeedForwardActivation = "relu", VocabularySize = 70_001 } },
    };

    [Theory]
    [MemberData(nameof(Shapes), DisableDiscoveryEnumeration = true)]
    public void Logits_and_greedy_tokens_equal_those_of_the_engine_on_the_processor(string name, XlstmConfig config)
    {
        foreach (var bfloat16 in new[] { false, true })
        {
            using var comparison = new CudaComparison(RandomStudent.Write(config, bfloat16: bfloat16), TestCard.Require());
            Assert.True(comparison.Difference(EngineSteps.Tokens) < 2e-5, $"{name}: {comparison.Difference(EngineSteps.Tokens)}");
            Assert.Equal(100, comparison.EqualTokens(first: 5, 100));
        }
    }

    [Theory]
    [InlineData("model.safetensors")]
    [InlineData("model.cuda-layout.safetensors")]
    public void Greedy_tokens_of_the_references_student_equal_those_of_the_engine_on_the_processor(string weights)
    {
        using var comparison = new CudaComparison(GoldenStudent.Copy(weights), TestCard.Require());
        Assert.Equal(200, comparison.EqualTokens(first: 1, 200));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(9)]
    [InlineData(17)]
    [InlineData(64)]
    public void A_sequence_among_others_gets_the_same_bits_as_alone(int sequences)
    {
        var wide = Usual with { VocabularySize = 70_001, Width = 128 };
        using var comparison = new CudaComparison(RandomStudent.Write(wide), TestCard.Require());
        Assert.True(comparison.IsAloneAmongOthers(EngineSteps.Tokens, sequences));
    }

    [Theory]
    [InlineData(1, 10_000)]
    [InlineData(5, 2_000)]
    public void A_replayed_graph_gives_the_same_bits_as_its_kernels_one_by_one(int sequences, int tokens)
    {
        using var comparison = new CudaComparison(RandomStudent.Write(Usual), TestCard.Require());
        Assert.Equal((tokens, true), comparison.Replayed(tokens, sequences));
    }

    [Theory]
    [InlineData(203, 300)]
    [InlineData(70_001, 24)]
    public void Draws_on_the_card_are_those_of_the_sampler(int vocabulary, int tokens)
    {
        using var comparison = new CudaComparison(RandomStudent.Write(Usual with { VocabularySize = vocabulary }), TestCard.Require());
        foreach (var options in new SamplingOptions[]
        {
            new(), new() { Temperature = 1, TopP = 1, Seed = 5 }, new() { TopK = 1 }, new() { Temperature = 2, TopK = 40, TopP = 1 },
            new() { Temperature = 1.5, TopK = 90, TopP = 0.7, MinP = 0.3 }, new() { Temperature = 1, TopP = 1, MinP = 0.5 }, new() { MinP = 1 },
            new() { Temperature = 1e6, TopP = 0.4, Seed = 2 }, new() { Temperature = 60, TopK = vocabulary / 2 }, new() { Temperature = 1e-42 }, // many equal weights, and one
            new() { RepetitionPenalty = 1.4, PresencePenalty = 0.5, FrequencyPenalty = -0.2 }, new() { Temperature = 0, PresencePenalty = 2 },
        })
        {
            Assert.Equal((options, tokens), (options, comparison.EqualDraws(options, first: 7, tokens)));
        }
    }

    [Fact]
    public void Without_a_card_the_reason_is_given()
    {
        Assert.SkipWhen(TestCard.Platform is not null, "there is a card");
        Assert.False(string.IsNullOrWhiteSpace(TestCard.Reason));
    }
}
