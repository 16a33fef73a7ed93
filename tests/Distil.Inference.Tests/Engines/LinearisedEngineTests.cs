using Distil.Core.Errors;
using Distil.Core.Models;
using Distil.Core.Safetensors;
using Distil.Inference.Engines;
using Distil.Inference.Layers;
using Distil.Inference.Matrices;
using static Distil.Inference.Tests.Engines.EngineSteps;

namespace Distil.Inference.Tests.Engines;

/// <summary>What only linearised students have: windows, layers that keep attention, and a config of their own.</summary>
public sealed class LinearisedEngineTests
{
    public static TheoryData<string> Linearised => ["recurrent", "windowed", "hybrid"];

    [Fact]
    public void A_state_without_kept_attention_has_the_bytes_of_the_plans_formula_and_keeps_them()
    {
        using var engine = Open("windowed");
        using var state = engine.NewState();
        var planned = LinearisedParameters.Of(RandomLinearised.Windowed).StateBytes(sizeof(float));
        // The normaliser and the stabilisers are filled up to whole vectors of 64 bytes.
        Assert.InRange(engine.StateBytes, planned, planned + RandomLinearised.Windowed.ReplacedLayers * 2 * 64);
        Read(engine, state, 100);
        Assert.Equal(engine.StateBytes, state.Bytes);
        Assert.Equal(0, engine.StateBytesOfToken);
        Assert.Null(engine.MaxPositions);
    }

    [Fact]
    public void A_state_with_kept_attention_grows_by_pages_that_copies_share_and_ends_with_the_context()
    {
        using var engine = Open("hybrid");
        using var state = engine.NewState();
        var page = AttentionCache.PagePositions * engine.StateBytesOfToken;
        Assert.Equal(engine.StateBytes, state.Bytes);
        Read(engine, state, 1);
        Assert.Equal(engine.StateBytes + page, state.Bytes);
        Read(engine, state, 2 * AttentionCache.PagePositions);
        Assert.Equal(engine.StateBytes + 3 * page, state.Bytes);
        using var copy = state.Fork();
        unsafe
        {
            Assert.True(copy.Cache!.At(70) == state.Cache!.At(70), "a full page is shared");
            Assert.True(copy.Cache.At(128) != state.Cache.At(128), "the last page is not");
        }

        var most = engine.MaxPositions!.Value;
        Assert.Equal(512, most);
        Read(engine, state, most - (int)state.Position);
        var message = Assert.Throws<InvalidInputException>(() => engine.Run([new(state, 1, true)])).Message;
        Assert.Equal("the text has 513 tokens; this model's attention reads at most 512 (max_position_embeddings in its config.json)", message);
        Assert.Equal(most, state.Position);
    }

    [Fact]
    public void A_copy_and_its_original_go_different_ways_across_pages()
    {
        using var engine = Open("hybrid");
        int[] prompt = [.. Enumerable.Range(0, 100).Select(i => i * 7 % 203)], one = [.. Enumerable.Range(0, 40)], other = [.. Enumerable.Range(50, 40)];
        float[] alone = Steps(engine, [.. prompt, .. one])[^1], otherwise = Steps(engine, [.. prompt, .. other])[^1];
        using var state = engine.NewState();
        foreach (var token in prompt)
        {
            engine.Run([new(state, token, false)]);
        }

        using var copy = state.Fork();
        for (var i = 0; i < one.Length; i++)
        {
            engine.Run([new(state, one[i], true), new(copy, other[i], true)]);
        }

        Assert.Equal(alone, engine.Logits(0).ToArray());
        Assert.Equal(otherwise, engine.Logits(1).ToArray());
    }

    [Fact]
    public void Between_two_pages_a_token_allocates_nothing()
    {
        using var engine = StudentEngine.Open(Write("hybrid"), new() { Threads = 1 });
        using var state = engine.NewState();
        Read(engine, state, 1);
        var least = long.MaxValue;
        while (state.Position < engine.MaxPositions)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var inPage = state.Position % AttentionCache.PagePositions != 0;
            var input = new StudentInput(state, 5, true);
            engine.Run(new ReadOnlySpan<StudentInput>(in input));
            least = inPage ? Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before) : least;
        }

        Assert.Equal(0, least);
    }

    [Theory]
    [MemberData(nameof(Linearised))]
    public void Weights_in_the_file_give_the_bits_of_the_same_weights_in_float32(string kind)
    {
        var folder = RandomLinearised.Write(ShapeOf(kind), bfloat16: true);
        using var mapped = StudentEngine.Open(folder, new() { Threads = 1 });
        using var converted = StudentEngine.Open(folder, new() { Threads = 1, Weights = WeightFormat.Float32 });
        Assert.Equal(Steps(converted, Tokens), Steps(mapped, Tokens));
    }

    [Theory]
    [InlineData(WeightFormat.BFloat16, 0.03)]
    [InlineData(WeightFormat.Int8, 0.05)]
    [InlineData(WeightFormat.Int4, 0.5)]
    public void Smaller_weights_give_nearly_the_same_logits(WeightFormat format, double tolerance)
    {
        var folder = Write("windowed");
        using var exact = StudentEngine.Open(folder, new() { Threads = 1 });
        using var smaller = StudentEngine.Open(folder, new() { Threads = 1, Weights = format });
        var (expected, actual) = (Steps(exact, Tokens).SelectMany(row => row).ToArray(), Steps(smaller, Tokens).SelectMany(row => row).ToArray());
        var error = Math.Sqrt(expected.Zip(actual, (a, b) => (a - b) * (double)(a - b)).Sum() / expected.Sum(a => a * (double)a));
        Assert.InRange(error, 1e-6, tolerance);
        Assert.True(smaller.WeightBytes < exact.WeightBytes);
    }

    [Fact]
    public void A_missing_tensor_one_of_another_shape_and_one_too_many_are_named()
    {
        var (shape, folder) = (RandomLinearised.Windowed, Write("windowed"));
        var transformer = shape.Transformer;
        Assert.Contains("model.layers.3.input_layernorm.weight", Refusal(folder, shape with { Transformer = transformer with { Layers = 4 } }));
        Assert.Contains("config.json: num_hidden_layers is 9999; the weights have only", Refusal(folder, shape with { Transformer = transformer with { Layers = 9999 } }));
        Assert.Contains("config.json: transformer.num_hidden_layers is 2000000000; expected a whole number from 1 to 10000", Refusal(folder, shape with { Transformer = transformer with { Layers = 2_000_000_000 } }));
        Assert.Contains(
            "model.embed_tokens.weight is [203, 72] F32; config.json (vocab_size 203, hidden_size 80) needs [203, 80]",
            Refusal(folder, shape with { Transformer = transformer with { HiddenSize = 80 } }));
        Assert.Contains("contains model.layers.0.self_attn.mix.bias, for which config.json has no place", Refusal(folder, shape with { Window = 0 }));
        Assert.Contains("window is 2000000000; expected a whole number from 0 to 1048576", Refusal(folder, shape with { Window = 2_000_000_000 }));
    }

    [Fact]
    public void A_state_that_cannot_be_addressed_is_refused()
    {
        using var weights = WeightFolder.Open(Write("windowed"));
        var shape = RandomLinearised.Windowed with { Window = 1 << 20, Sinks = 1 << 20 };
        LinearisedReader.RequireState(weights, shape);
        var refused = Assert.Throws<InvalidInputException>(
            () => LinearisedReader.RequireState(weights, shape with { Transformer = shape.Transformer with { Layers = 40 } }));
        Assert.Contains("window is 1048576 and sinks 1048576: the state of a text would take", refused.Message, StringComparison.Ordinal);
    }

    internal static LinearisedShape ShapeOf(string kind) =>
        kind switch { "recurrent" => RandomLinearised.Recurrent, "windowed" => RandomLinearised.Windowed, _ => RandomLinearised.Hybrid };

    private static string Refusal(string folder, LinearisedShape shape)
    {
        LinearisedConfigFile.Write(folder, shape);
        return Assert.Throws<InvalidInputException>(() => StudentEngine.Open(folder)).Message;
    }

    private static void Read(StudentEngine engine, StudentState state, int count)
    {
        for (var i = 0; i < count; i++)
        {
            engine.Run([new(state, i % 203, false)]);
        }
    }
}
