using Distil.Core.Models;
using Distil.Trainer.Models.Linearised;
using Distil.Trainer.Models.Linearised.Fused;
using Distil.Trainer.Models.Transformers;
using Distil.Trainer.Tests.Kernels;
using Distil.Trainer.Torch;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Models.Linearised.Fused;

/// <summary>What only a GPU can show of a student's kernels beside `kernels check`; and what they refuse.</summary>
public sealed class FusedStudentTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(40)]
    public void A_student_that_recomputes_its_layers_has_the_same_gradients(int window)
    {
        Gpu.Require();
        using var scope = NewDisposeScope();
        using var student = LinearisedModel.Of(Shape(32, 2, window), new NewWeights(1, CUDA), trainEmbedding: false, CUDA);
        student.UseBFloat16();
        var ids = randint(50, [2, 100], ScalarType.Int64, CUDA);
        var gradient = randn([2, 100, 64], ScalarType.BFloat16, CUDA);
        Tensor Gradient(int recomputed)
        {
            GradientScope.Backward(student.Passes.Fused!.Forward(ids, Branch.Both, recomputed), gradient);
            var all = cat([.. student.TrainableParameters.Select(parameter => parameter.Value.grad!.flatten())]);
            foreach (var parameter in student.TrainableParameters)
            {
                parameter.Value.grad = null;
            }

            return all;
        }

        Assert.True(Gradient(0).eq(Gradient(2)).all().item<bool>());
    }

    [Fact]
    public void Without_gradients_it_gives_the_same()
    {
        Gpu.Require();
        using var scope = NewDisposeScope();
        using var student = LinearisedModel.Of(Shape(32, 2, 40), new NewWeights(1, CUDA), trainEmbedding: false, CUDA);
        student.UseBFloat16();
        var ids = randint(50, [2, 100], ScalarType.Int64, CUDA);
        var recorded = student.Forward(ids).detach();
        using var frozen = no_grad();
        Assert.True(recorded.eq(student.Forward(ids)).all().item<bool>());
    }

    [Theory]
    [InlineData(48, 2, 0, "a head has 48 units; the kernels support 32, 64 and 128")]
    [InlineData(32, 2, 4, "hidden_size is 68; the kernels support multiples of 8 up to 8192")]
    public void Sizes_that_the_kernels_do_not_support_are_said(int size, int heads, int more, string expected)
    {
        var shape = Shape(size, heads, window: 0);
        Assert.Equal(expected, MixerSizes.Limit(shape with { Transformer = shape.Transformer with { HiddenSize = shape.Transformer.HiddenSize + more } }));
    }

    [Fact]
    public void On_a_CPU_a_student_reports_the_plain_form()
    {
        using var student = Students.Create(Students.ShapeOf("qwen2-tiny", window: 5), "qwen2-tiny");
        student.UseBFloat16();
        Assert.Equal([("linearised layers", "plain")], student.Operations.Select(operation => (operation.Operation, operation.Form)));
    }

    private static LinearisedShape Shape(int size, int heads, int window) => new()
    {
        Transformer = new TransformerConfig
        {
            Family = TransformerFamily.Qwen2, VocabularySize = 50, HiddenSize = 64, IntermediateSize = 128, Layers = 2, Heads = heads, KeyValueHeads = 1,
            HeadSize = size, MaxPositions = 128, TiedHead = true, QueryKeyValueBias = true,
        },
        ContextLength = 128,
        Window = window,
        Sinks = window > 0 ? 2 : 0,
        OutputGate = true,
    };
}
