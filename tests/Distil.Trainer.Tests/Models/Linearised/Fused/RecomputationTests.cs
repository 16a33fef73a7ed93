using Distil.Trainer.Models.Linearised.Fused;
using Distil.Trainer.Models.Xlstm.Stack;
using Distil.Trainer.Torch;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Models.Linearised.Fused;

public sealed class RecomputationTests
{
    [Theory]
    [InlineData(10, 100, 8, 0)]
    [InlineData(10, 80, 8, 0)]
    [InlineData(10, 79, 8, 1)]
    [InlineData(10, 9, 8, 8)]
    [InlineData(10, 0, 8, 8)]
    public void The_fewest_layers_recompute_that_make_the_others_fit(long bytes, long budget, int layers, int expected) =>
        Assert.Equal(expected, Recomputation.Layers(bytes, budget, layers));

    [Fact]
    public void What_a_layer_keeps_grows_with_the_positions()
    {
        var recomputation = new Recomputation(Students.ShapeOf("qwen2-tiny", window: 0));
        // By position: streams 768, projections 384, features 256, states 48, heads and mixed 512, feed-forward 640.
        Assert.Equal(100 * 2608, recomputation.BytesOfLayer(100));
        Assert.Equal(3 * recomputation.BytesOfLayer(100), recomputation.BytesOfLayer(300));
    }

    [Fact]
    public void A_recomputed_block_gives_the_same_output_and_gradients_and_keeps_only_its_input()
    {
        using var scope = NewDisposeScope();
        List<Square> made = [];
        var (once, twice) = (Run(x => new Square(x)), Run(x => new RecomputedBlock(
            input =>
            {
                made.Add(new Square(input));
                return made[^1];
            }, x)));
        Assert.Equal(2, made.Count);
        Assert.All(made, square => Assert.True(square.IsReleased));
        Assert.Equal(once.Output.data<float>().ToArray(), twice.Output.data<float>().ToArray());
        Assert.Equal(once.Gradient.data<float>().ToArray(), twice.Gradient.data<float>().ToArray());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Gradients_of_a_stack_reach_its_input_if_that_is_trained(bool trained)
    {
        using var scope = NewDisposeScope();
        var x = tensor([1f, 2f, 3f], requires_grad: trained);
        var weight = tensor(2f, requires_grad: true);
        GradientScope.Backward(new FusedStack([input => new Square(input), input => new Square(input)], weight).Forward(x).sum());
        Assert.Equal(trained ? [4f, 32f, 108f] : null, x.grad?.data<float>().ToArray()); // of x⁴
    }

    private static (Tensor Output, Tensor Gradient) Run(Func<Tensor, IFusedBlock> make)
    {
        var x = tensor([1f, 2f, 3f]);
        var block = make(x);
        var gradient = block.Backward(tensor([1f, 10f, 100f]));
        return (block.Output, gradient);
    }

    /// <summary>x².</summary>
    private sealed class Square : IFusedBlock
    {
        private readonly Tensor _x;

        internal Square(Tensor x)
        {
            using var scope = NewDisposeScope();
            _x = Saved.Keep(x.alias());
            Output = x.square().MoveToOuterDisposeScope();
        }

        internal bool IsReleased => _x.IsInvalid;

        public Tensor Output { get; }

        public SavedTensors Saved { get; } = new();

        public Tensor Backward(Tensor gradient) => gradient * _x * 2;
    }
}
