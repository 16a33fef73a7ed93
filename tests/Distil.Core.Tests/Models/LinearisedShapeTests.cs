using Distil.Core.Errors;
using Distil.Core.Models;
using Distil.Core.Specification;

namespace Distil.Core.Tests.Models;

public sealed class LinearisedShapeTests
{
    /// <summary>Qwen2.5-1.5B.</summary>
    private static TransformerConfig Qwen => new()
    {
        Family = TransformerFamily.Qwen2, VocabularySize = 151_936, HiddenSize = 1536, IntermediateSize = 8960, Layers = 28, Heads = 12, KeyValueHeads = 2,
        HeadSize = 128, MaxPositions = 131_072, TiedHead = true, QueryKeyValueBias = true,
    };

    [Theory]
    [InlineData(256, 64)]
    [InlineData(4096, 512)]
    public void The_window_is_by_default_a_quarter_of_the_context_and_at_most_512(int contextLength, int window) =>
        Assert.Equal(window, LinearisedShape.Of(new StudentSpec(), Qwen, contextLength).Window);

    [Fact]
    public void Inherited_parameters_are_those_of_the_model_card() =>
        Assert.Equal(1_543_714_304, LinearisedParameters.Of(LinearisedShape.Of(new StudentSpec(), Qwen, 512)).Inherited);

    [Fact]
    public void New_parameters_and_state_are_those_of_the_formulas()
    {
        const long layers = 28, heads = 12, d = 128, width = 1536;
        var numbers = LinearisedParameters.Of(LinearisedShape.Of(new StudentSpec { Window = 512, Sinks = 4, OutputGate = false }, Qwen, 4096));
        Assert.Equal(layers * ((2 * heads * d * d) + (2 * heads * (width + 1)) + (heads * ((3 * d) + 1))), numbers.New);
        Assert.Equal(4 * layers * heads * ((d * d) + d + 1), numbers.MemoryStateBytes);
        Assert.Equal(2 * 2 * layers * 2 * d * (512 + 4), numbers.StateBytes(2) - numbers.MemoryStateBytes);
    }

    [Fact]
    public void A_kept_layer_has_neither_new_weights_nor_a_constant_state()
    {
        var (all, fewer) = (Numbers(), Numbers(3, 9, 27, 4));
        Assert.Equal(all.New * 24 / 28, fewer.New);
        Assert.Equal(all.StateBytes(4) * 24 / 28, fewer.StateBytes(4));

        static LinearisedParameters Numbers(params int[] kept) => LinearisedParameters.Of(LinearisedShape.Of(new StudentSpec { KeepAttention = kept }, Qwen, 512));
    }

    [Fact]
    public void Kept_layers_must_exist_and_leave_one_to_replace()
    {
        Assert.StartsWith("student.keepAttention[1] is 28; expected an index below", Message([0, 28]), StringComparison.Ordinal);
        Assert.Contains("has all 28 layers", Message([.. Enumerable.Range(0, 28)]), StringComparison.Ordinal);

        static string Message(int[] kept) =>
            Assert.Throws<InvalidInputException>(() => LinearisedShape.Of(new StudentSpec { KeepAttention = kept }, Qwen, 512)).Message;
    }

    [Theory]
    [InlineData(1_400_000, 3e-3, 3e-3)]
    [InlineData(30_000_000, 9.67e-4, 3e-3)]
    [InlineData(1_500_000_000, 1e-4, 1e-3)]
    public void Learning_rates_follow_from_the_teachers_size(long parameters, double inherited, double added)
    {
        var rates = LinearisedRates.Of(new DistillationStageSpec(), parameters);
        Assert.Equal((inherited, added), (Math.Round(rates.Inherited, 6), Math.Round(rates.New, 6)));
        Assert.Equal(new LinearisedRates(1e-5, 1e-4), LinearisedRates.Of(new DistillationStageSpec { InheritedRate = 1e-5 }, parameters));
    }
}
