using Distil.Trainer.Models.Xlstm.MLstm.Cell;
using Distil.Trainer.Torch;
using static Distil.Trainer.Tests.Models.Xlstm.GoldenStudent;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Models.Xlstm.MLstm.Cell;

public sealed class MLstmFormTests
{
    [Theory]
    [InlineData(64, 16)]
    [InlineData(50, 16)]
    [InlineData(7, 16)]
    [InlineData(130, 64)]
    public void Chunkwise_equals_parallel_in_values_and_gradients(int length, int chunk)
    {
        using var scope = NewDisposeScope();
        var (parallel, chunkwise) = (Inputs(length), Inputs(length));
        var expected = MLstmParallel.Forward(parallel[0], parallel[1], parallel[2], parallel[3], parallel[4]);
        var actual = MLstmChunkwise.Forward(chunkwise[0], chunkwise[1], chunkwise[2], chunkwise[3], chunkwise[4], chunk);
        Same(expected, actual, 1e-5, "h");

        var gradient = randn_like(expected);
        GradientScope.Backward(expected, gradient);
        GradientScope.Backward(actual, gradient);
        for (var input = 0; input < 5; input++)
        {
            Same(parallel[input].grad!, chunkwise[input].grad!, 1e-4, $"gradient of input {input}");
        }
    }

    [Fact]
    public void Recurrent_equals_parallel_and_all_decoding_forms_share_a_state()
    {
        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        var x = Inputs(40);
        var expected = MLstmParallel.Forward(x[0], x[1], x[2], x[3], x[4]);
        Tensor Read(int[] pieces)
        {
            using var state = MLstmState.Start(2, 3, 8, CPU);
            var parts = new List<Tensor>();
            var from = 0;
            foreach (var count in pieces)
            {
                Tensor Piece(int input) => x[input].narrow(2, from, count);
                parts.Add(MLstmForm.Decode(Piece(0), Piece(1), Piece(2), Piece(3), Piece(4), state));
                from += count;
            }

            return cat(parts, 2);
        }

        Same(expected, Read([.. Enumerable.Repeat(1, 40)]), 1e-5, "recurrent h");
        Same(expected, Read([17, 1, 1, 21]), 1e-5, "mixed h");
    }

    [Theory]
    [InlineData(MLstmForm.ParallelUpTo)]
    [InlineData(MLstmForm.ParallelUpTo + 70)]
    public void The_form_that_is_chosen_equals_parallel_at_any_length(int length)
    {
        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        var x = Inputs(length);
        Same(MLstmParallel.Forward(x[0], x[1], x[2], x[3], x[4]), MLstmForm.Forward(x[0], x[1], x[2], x[3], x[4]), 1e-5, "h");
    }

    private static Tensor[] Inputs(int length)
    {
        using var random = new Generator(3, CPU);
        Tensor Random(double shift, params long[] shape) => (randn(shape, generator: random) + shift).requires_grad_();
        return [Random(0, 2, 3, length, 8), Random(0, 2, 3, length, 8), Random(0, 2, 3, length, 8), Random(0, 2, 3, length), Random(3, 2, 3, length)];
    }
}
