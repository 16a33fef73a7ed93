using Distil.Core.Specification;
using Distil.Trainer.Models.Linearised;
using Distil.Trainer.Tests.Kernels;
using Distil.Trainer.Torch;
using Distil.Trainer.Training.Rows;
using Distil.Trainer.Training.Schedules;
using Distil.Trainer.Training.Stages;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Models.Linearised;

/// <summary>A linearised student that computes in bfloat16, in the plain form, against itself in float32.</summary>
public sealed class Bfloat16StudentTests
{
    /// <summary>‖bfloat16 − float32‖ / ‖float32‖: a product rounds to 1 in 256, and each layer of these small random models adds to it.</summary>
    private const double Tolerance = 4e-2;

    public static TheoryData<string, int, FeatureMap> Shapes => new()
    {
        { "qwen2-tiny", 0, FeatureMap.Softmax }, { "qwen3-tiny", 5, FeatureMap.Both }, { "llama-tiny", 5, FeatureMap.Softmax },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Logits_stay_near_those_in_float32(string golden, int window, FeatureMap features)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        using var inputs = new GoldenCase(golden);
        using var student = Students.Create(Students.ShapeOf(golden, window, features: features), golden);
        var expected = Students.Logits(student, inputs.InputIds);
        student.UseBFloat16();
        var logits = Students.Logits(student, inputs.InputIds);
        Assert.Equal(ScalarType.BFloat16, logits.dtype);
        Assert.InRange(Gpu.RelativeError(logits, expected), 1e-5, Tolerance);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Gradients_reach_all_float32_weights_and_point_where_those_in_float32_do(string golden, int window, FeatureMap features)
    {
        using var scope = NewDisposeScope();
        using var inputs = new GoldenCase(golden);
        using var student = Students.Create(Students.ShapeOf(golden, window, features: features), golden);
        var expected = Gradient(student, inputs.InputIds);
        student.UseBFloat16();
        var actual = Gradient(student, inputs.InputIds);
        var cosine = (actual.dot(expected) / (actual.norm() * expected.norm())).item<double>();
        Assert.InRange(cosine, 0.99, 1);
    }

    [Fact]
    public void The_head_is_rounded_only_if_it_is_not_trained()
    {
        using var scope = NewDisposeScope();
        using var frozen = Students.Create(Students.ShapeOf("qwen2-tiny", window: 0), "qwen2-tiny");
        using var trained = Students.Create(Students.ShapeOf("qwen2-tiny", window: 0), "qwen2-tiny", trainEmbedding: true);
        frozen.UseBFloat16();
        trained.UseBFloat16();
        Assert.Equal((ScalarType.BFloat16, ScalarType.Float32), (frozen.HeadWeight.dtype, trained.HeadWeight.dtype));
    }

    [Fact]
    public void Decoding_gives_what_the_head_takes()
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        using var inputs = new GoldenCase("qwen2-tiny");
        using var student = Students.Create(Students.ShapeOf("qwen2-tiny", window: 5), "qwen2-tiny");
        student.UseBFloat16();
        using var state = student.StartDecoding((int)inputs.InputIds.shape[0]);
        var decoded = student.Decode(inputs.InputIds, state);
        var whole = student.Forward(inputs.InputIds).select(1, -1);
        Assert.Equal(whole.dtype, decoded.dtype);
        Assert.InRange(Gpu.RelativeError(decoded, whole), 0, Tolerance);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    public void Alignment_with_the_teacher_has_the_losses_and_gradients_of_float32(int window)
    {
        using var scope = NewDisposeScope();
        using var inputs = new GoldenCase("qwen2-tiny");
        using var student = Students.Create(Students.ShapeOf("qwen2-tiny", window), "qwen2-tiny");
        var expected = Aligned(student, inputs.InputIds);
        student.UseBFloat16();
        var actual = Aligned(student, inputs.InputIds);
        Assert.InRange(Gpu.RelativeError(actual, expected), 1e-6, Tolerance);
    }

    private static Tensor Gradient(LinearisedModel student, Tensor ids)
    {
        using var scope = NewDisposeScope();
        var logits = Students.Logits(student, ids).to(ScalarType.Float32);
        GradientScope.Backward(nn.functional.cross_entropy(logits.narrow(1, 0, ids.shape[1] - 1).flatten(0, 1), ids.narrow(1, 1, ids.shape[1] - 1).flatten()));
        var all = new List<Tensor>();
        foreach (var (_, weight) in student.TrainableParameters)
        {
            Assert.Equal((ScalarType.Float32, ScalarType.Float32), (weight.dtype, weight.grad!.dtype));
            all.Add(weight.grad.flatten());
            weight.grad = null;
        }

        return cat(all).to(ScalarType.Float64).MoveToOuterDisposeScope();
    }

    /// <summary>The gradient's norm and the layers' losses of one step, which is taken back.</summary>
    private static Tensor Aligned(LinearisedModel student, Tensor ids)
    {
        using var scope = NewDisposeScope();
        Tensor[] before = [.. student.NewParameters.Select(parameter => parameter.Value.detach().clone())];
        using var stage = new AlignmentStage(student, new AlignmentStageSpec(), LearningRateSchedule.WithRatio(1e-9, 0.1, 10), gradientClip: 1);
        var tokens = ids.numel();
        var batch = new Trainer.Training.Steps.StepBatch([(new TokenBatch(ids, null, (int)ids.shape[0], tokens, tokens - ids.shape[0]), null)]);
        var values = stage.Run(batch, Trainer.Training.Checkpoints.TrainingPosition.Start);
        using var frozen = no_grad();
        foreach (var (parameter, value) in student.NewParameters.Zip(before))
        {
            parameter.Value.copy_(value);
        }

        return values.MoveToOuterDisposeScope();
    }
}
