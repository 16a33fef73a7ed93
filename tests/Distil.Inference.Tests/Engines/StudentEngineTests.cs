using Distil.Core.Errors;
using Distil.Inference.Engines;
using Distil.Inference.Matrices;
using Distil.Inference.Models;
using static Distil.Inference.Tests.Engines.EngineSteps;

namespace Distil.Inference.Tests.Engines;

public sealed class StudentEngineTests
{
    public static TheoryData<string> Kinds => EngineSteps.Kinds;

    [Theory]
    [InlineData("model.safetensors")]
    [InlineData("model.cuda-layout.safetensors")]
    public void Logits_equal_the_references_in_both_recurrent_layouts(string weights)
    {
        using var engine = StudentEngine.Open(GoldenStudent.Copy(weights), new() { Threads = 2 });
        foreach (var (tokens, expected) in GoldenStudent.Sequences())
        {
            AssertNear(expected, Steps(engine, tokens), 1e-4f);
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_piece_of_a_prompt_gives_the_same_bits_as_its_tokens_one_by_one(string kind)
    {
        using var engine = Open(kind);
        var steps = Steps(engine, Tokens);
        using var state = engine.NewState();
        engine.Run([.. Tokens[..13].Select(token => new StudentInput(state, token, WantsLogits: false))]);
        engine.Run([.. Tokens[13..].Select((token, i) => new StudentInput(state, token, WantsLogits: i % 3 == 0))]);
        for (var i = 0; i < (Tokens.Length - 13 + 2) / 3; i++)
        {
            Assert.Equal(steps[13 + 3 * i], engine.Logits(i).ToArray());
        }

        Assert.Equal(Tokens.Length, state.Position);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_sequence_among_others_gives_the_same_bits_as_alone(string kind)
    {
        using var engine = Open(kind);
        var alone = Steps(engine, Tokens);
        using StudentState first = engine.NewState(), second = engine.NewState(), third = engine.NewState();
        engine.Run([.. Tokens[..7].Select(token => new StudentInput(third, token, false))]);
        for (var i = 0; i < 20; i++)
        {
            engine.Run([new(second, i * 5 % 203, true), new(first, Tokens[i], true), new(third, i, false), new(third, i + 1, true)]);
            Assert.Equal(alone[i], engine.Logits(1).ToArray());
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void The_number_of_threads_changes_no_bit(string kind)
    {
        foreach (var format in new[] { WeightFormat.Float32, WeightFormat.Int8 })
        {
            var folder = Write(kind, wide: true);
            using var one = StudentEngine.Open(folder, new() { Threads = 1, Weights = format });
            using var three = StudentEngine.Open(folder, new() { Threads = 3, Weights = format });
            Assert.Equal(Steps(one, Tokens), Steps(three, Tokens));
        }
    }

    [Theory]
    [InlineData(96, 4, 4)]
    [InlineData(40, 2, 64)]
    [InlineData(72, 3, 16)]
    public void A_width_that_fills_no_block_gives_the_logits_of_the_same_weights_in_float32(int width, int heads, int qkv)
    {
        // bfloat16 is exact here: the folder's weights are bfloat16.
        var config = RandomStudent.Small with { Width = width, SlstmHeads = heads, MlstmHeads = 2, QkvBlockSize = qkv };
        var folder = RandomStudent.Write(config, bfloat16: true);
        using var mapped = StudentEngine.Open(folder, new() { Threads = 1 });
        using var converted = StudentEngine.Open(folder, new() { Threads = 1, Weights = WeightFormat.Float32 });
        Assert.Equal(Steps(converted, Tokens), Steps(mapped, Tokens));
    }

    [Theory]
    [InlineData(WeightFormat.BFloat16, 0.01)]
    [InlineData(WeightFormat.Int8, 0.02)]
    [InlineData(WeightFormat.Int4, 0.3)]
    public void Smaller_weights_give_nearly_the_same_logits_and_take_the_bytes_that_they_should(WeightFormat format, double tolerance)
    {
        var folder = RandomStudent.Write(RandomStudent.Small);
        using var exact = StudentEngine.Open(folder, new() { Threads = 1 });
        using var smaller = StudentEngine.Open(folder, new() { Threads = 1, Weights = format });
        var (expected, actual) = (Steps(exact, Tokens).SelectMany(row => row).ToArray(), Steps(smaller, Tokens).SelectMany(row => row).ToArray());
        var error = Math.Sqrt(expected.Zip(actual, (a, b) => (a - b) * (double)(a - b)).Sum() / expected.Sum(a => a * (double)a));
        Assert.InRange(error, 1e-6, tolerance);
        Assert.True(smaller.WeightBytes < exact.WeightBytes);
    }

    [Theory]
    [InlineData("xlstm")]
    [InlineData("recurrent")]
    [InlineData("windowed")]
    public void A_token_allocates_nothing(string kind)
    {
        using var engine = StudentEngine.Open(Write(kind), new() { Threads = 1 });
        using var state = engine.NewState();
        void Step(int token)
        {
            var input = new StudentInput(state, token, true);
            engine.Run(new ReadOnlySpan<StudentInput>(in input));
        }

        long Allocated()
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 200; i++)
            {
                Step(i % 203);
            }

            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Step(1);

        // The minimum: a collection that another test causes counts the rest of this thread's buffer as allocated.
        Assert.Equal(0, Enumerable.Range(0, 5).Min(_ => Allocated()));
    }

    [Fact]
    public void A_token_outside_the_vocabulary_is_refused_and_nothing_is_read()
    {
        using var engine = Open(RandomStudent.Small);
        using var state = engine.NewState();
        Assert.Contains("token 203", Assert.Throws<InvalidInputException>(() => engine.Run([new(state, 1, false), new(state, 203, true)])).Message);
        Assert.Equal(0, state.Position);
    }

    [Fact]
    public void A_missing_tensor_and_one_of_another_shape_are_named()
    {
        var folder = RandomStudent.Write(RandomStudent.Small);
        XlstmConfigFile.Write(RandomStudent.Small with { Blocks = 5 }, folder);
        Assert.Contains("blocks.4", Assert.Throws<InvalidInputException>(() => StudentEngine.Open(folder)).Message);
        XlstmConfigFile.Write(RandomStudent.Small with { Width = 128 }, folder);
        Assert.Contains("xlstm.embedding.weight is [203, 96] F32", Assert.Throws<InvalidInputException>(() => StudentEngine.Open(folder)).Message);
    }

    private static void AssertNear(float[][] expected, List<float[]> actual, float tolerance)
    {
        tolerance *= expected.Max(row => row.Max(Math.Abs));
        for (var t = 0; t < expected.Length; t++)
        {
            for (var i = 0; i < expected[t].Length; i++)
            {
                Assert.Equal(expected[t][i], actual[t][i], tolerance);
            }
        }
    }
}
