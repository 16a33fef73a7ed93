using Distil.Core.Specification;
using Distil.Trainer.TeacherOutputs;
using Distil.Trainer.Training.Optimizers;
using Distil.Trainer.Training.Rows;
using Distil.Trainer.Training.Steps;
using Distil.Trainer.Training.Targets;
using TorchSharp;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Training.Steps;

public sealed class TrainingStepTests
{
    private static readonly DeltaWeights Weights = new(0.6, 1.5, 0.1);
    private static readonly DistillationSpec Unaligned = new() { Alignment = new() { Kind = AlignmentKind.None } };

    [Fact]
    public void Micro_batches_of_unequal_size_and_padding_add_up_to_one_batch()
    {
        var weights = Weights with { Beta = 0 }; // Frobenius' √B is the micro-batch's own
        var (whole, wholeValues) = Run(Unaligned, weights, [new(0, [0, 1, 2, 3, 4, 5, 6])]);
        var (parts, partsValues) = Run(Unaligned, weights, [new(0, [0, 1, 2]), new(0, [3, 4]), new(0, [5, 6])]);
        Assert.True(allclose(wholeValues, partsValues, rtol: 1e-5), $"{wholeValues.str()} {partsValues.str()}");
        Assert.Equal(whole, parts, Near);
    }

    [Fact]
    public void The_gradient_is_that_of_the_whole_loss_written_out()
    {
        using var scope = NewDisposeScope();
        var rows = new TinyRows([7]);
        MicroBatch part = new(0, [0, 1, 2, 3]); // rows without padding
        var (stepped, values) = Run(new DistillationSpec(), Weights, [part]);

        using var model = new TinyModel(seed: 1);
        using var teacher = new TinyModel(seed: 7, teacher: true);
        using var optimizer = new AdamW(model.TrainableParameters, new AdamWOptions());
        using var batch = rows.Read(part)[0];
        var final = model.Forward(batch.InputIds);
        var logits = final.matmul(model.HeadWeight.t());
        var (teacherFinal, layers) = teacher.ForwardWithLayers(batch.InputIds);
        var goal = nn.functional.softmax(teacherFinal.detach().matmul(teacher.HeadWeight.t()) / Weights.Temperature, -1);
        var student = nn.functional.log_softmax(logits / Weights.Temperature, -1);
        var ce = nn.functional.cross_entropy(logits.slice(1, 0, -1, 1).reshape(-1, 16), batch.InputIds.slice(1, 1, 6, 1).reshape(-1));
        var kl = (goal * (goal.log() - student)).sum(-1).mean();
        var alignment = ((layers[1] + layers[2]).detach() / 2 - final).square().sum([1L, 2L]).sqrt().mean() / Math.Sqrt(final.numel());
        var loss = (1 - Weights.Alpha - Weights.Beta) * ce + Weights.Alpha * Weights.Temperature * Weights.Temperature * kl + Weights.Beta * alignment;
        loss.backward();
        var norm = optimizer.Step(0.01, 1);

        Assert.Equal([loss.item<float>(), ce.item<float>(), kl.item<float>(), alignment.item<float>(), norm.item<float>()],
            values.data<double>().Select(value => (float)value), Near);
        Assert.Equal(Numbers(model), stepped, Near);
    }

    [Fact]
    public void The_divergence_of_the_specification_is_trained()
    {
        var reverse = Unaligned with { Divergence = new() { Kind = DivergenceKind.ReverseKl } };
        var (forwardWeights, forward) = Run(Unaligned, Weights with { Beta = 0 }, [new(0, [0, 1, 2, 3])]);
        var (reverseWeights, reversed) = Run(reverse, Weights with { Beta = 0 }, [new(0, [0, 1, 2, 3])]);
        Assert.Equal(forward[1].item<double>(), reversed[1].item<double>(), 9); // the same cross-entropy
        Assert.NotEqual(forward[2].item<double>(), reversed[2].item<double>(), 3);
        Assert.NotEqual(forwardWeights, reverseWeights);
    }

    [Fact]
    public void Layer_alignment_reaches_the_weights_below()
    {
        DistillationSpec spec = new() { Alignment = new() { Kind = AlignmentKind.Frobenius, Reduction = FrobeniusReduction.BlockWise } };
        var (_, values) = Run(spec, new DeltaWeights(0, 1, 1), [new(0, [0, 1, 2, 3])]);
        Assert.True(values[3].item<double>() > 0);
        Assert.Equal(values[0].item<double>(), values[3].item<double>(), 9);
        Assert.True(values[4].item<double>() > 0);
    }

    [Fact]
    public void A_tied_trainable_head_gets_both_gradients()
    {
        using var scope = NewDisposeScope();
        using var model = new TinyModel(seed: 1, tiedHeadTrained: true);
        using var direct = new TinyModel(seed: 1, tiedHeadTrained: true);
        using var optimizer = new AdamW(model.TrainableParameters, new AdamWOptions());
        using var reference = new AdamW(direct.TrainableParameters, new AdamWOptions());
        using var batch = StepBatch.Read([new(0, [0, 1, 2, 3])], new TinyRows([7]), targets: null);
        var values = new TrainingStep(model, optimizer, distillation: null, 1, chunkPositions: 5).Run(batch, new DeltaWeights(0, 1, 0), 0.01);

        var ids = batch.Parts[0].Rows.InputIds;
        var logits = direct.Forward(ids).matmul(direct.HeadWeight.t());
        var loss = nn.functional.cross_entropy(logits.slice(1, 0, -1, 1).reshape(-1, 16), ids.slice(1, 1, 6, 1).reshape(-1));
        loss.backward();
        reference.Step(0.01, 1);
        Assert.Equal(loss.item<float>(), values[0].item<double>(), 1e-5);
        Assert.Equal(Numbers(direct), Numbers(model), Near);
    }

    private static (float[] Weights, Tensor Values) Run(DistillationSpec spec, DeltaWeights weights, IReadOnlyList<MicroBatch> parts)
    {
        using var model = new TinyModel(seed: 1);
        using var teacher = new TinyModel(seed: 7, teacher: true);
        using var optimizer = new AdamW(model.TrainableParameters, new AdamWOptions());
        var loss = new DeltaDistillation(spec);
        ExtractionSettings settings = new()
        {
            Keep = new KeepSpec { TopP = 1, MaxTokens = 16 },
            InverseTemperatures = TemperatureNodes.Between(spec.Temperature.To, spec.Temperature.From),
            MeanHidden = loss.Alignment.NeedsMeanHidden,
        };
        using var batch = StepBatch.Read(parts, new TinyRows([7]), new OnlineTargets(teacher, settings, loss.Alignment.NeedsLayers));
        var values = new TrainingStep(model, optimizer, loss, 1, chunkPositions: 5).Run(batch, weights, 0.01);
        return (Numbers(model), values);
    }

    private static float[] Numbers(TinyModel model) => [.. model.TrainableParameters.SelectMany(parameter => parameter.Value.detach().data<float>().ToArray())];

    private static bool Near(float a, float b) => Math.Abs(a - b) <= 2e-5 * (1 + Math.Abs(a));
}
