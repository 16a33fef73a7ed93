using Distil.Core.Models;
using Distil.Core.Specification;
using Distil.Inference.Models;
using Distil.Trainer.Models;
using Distil.Trainer.Models.Linearised;
using Distil.Trainer.Models.Transformers;
using Distil.Trainer.Models.Xlstm;
using Distil.Trainer.TeacherOutputs;
using Distil.Trainer.Training.Quantization;
using Distil.Trainer.Training.Stages;
using Distil.Trainer.Training.Steps;
using static TorchSharp.torch;

namespace Distil.Bench.Gpu;

/// <summary>A student that is trained on rows of tokens and measured beside its teacher.</summary>
/// <param name="Name">Its name in the figures.</param>
internal sealed record StudentTrial(string Name)
{
    /// <value>The student; null for the control: the teacher itself, trained on the text.</value>
    internal StudentSpec? Student { get; init; }

    /// <value>Learning rate of all weights; null for the defaults of the student's kind.</value>
    internal double? Rate { get; init; }

    /// <value>Learning rate of a linearised student's new weights, if not <see cref="Rate"/>.</value>
    internal double? NewRate { get; init; }

    /// <value>The form with whose weights a linearised student computes after its alignment; null for the exact ones.</value>
    internal WeightForm? Quantize { get; init; }

    /// <value>Share of the first steps without the window, 0–1.</value>
    internal double WindowDropout { get; init; }

    /// <value>Share of the steps that a linearised student spends on the alignment, 0–1; null for the default.</value>
    internal double? AlignmentShare { get; init; }

    /// <value>Share of the learning rate at which its cosine ends, 0–1. Of linearised students and the control.</value>
    internal double EndRate { get; init; }

    /// <value>Loss. Default: α 0.9 and T 1, no alignment.</value>
    internal DistillationSpec Distillation { get; init; } = new()
    {
        Alpha = new() { From = 0.9, To = 0.9 }, Temperature = new() { From = 1, To = 1 }, Alignment = new() { Kind = AlignmentKind.None },
    };

    /// <summary>Creates the student before its first step.</summary>
    internal IStudentModel Create(string teacherFolder, TransformerConfig teacher, int length, int seed, Device device)
    {
        switch (Student?.Kind)
        {
            case null:
                return LinearisedModel.Keep(teacherFolder, trainEmbedding: false, device);
            case StudentKind.Linearised:
                return LinearisedModel.Create(
                    LinearisedShape.Of(Student, teacher, length), teacherFolder, Student.Gates, Student.TrainEmbedding, device);
            default:
                using (var frozen = EmbeddingAndHead.Read(teacherFolder))
                {
                    var shape = StudentShape.Of(Student, TeacherShape.Of(teacher, teacherFolder));
                    return XlstmModel.Create(XlstmConfig.Of(shape, Student, length), frozen.Embedding, frozen.Head, seed, device);
                }
        }
    }

    /// <summary>Creates the stages of its training, as a run does.</summary>
    internal TrainingStages Stages(
        IStudentModel student, int seed, long total, (DeltaDistillation Loss, TargetSizes Sizes)? teaching, Precision precision)
    {
        void UsePrecision()
        {
            if (precision == Precision.Bf16)
            {
                student.UseBFloat16();
            }
        }

        if (student is LinearisedModel linearised)
        {
            UsePrecision(); // its trained weights stay in full precision
            var distillation = new DistillationStageSpec
            {
                InheritedRate = Rate, NewRate = NewRate ?? Rate, EndRate = EndRate, WindowDropout = WindowDropout,
            };
            var alignment = new AlignmentStageSpec();
            var spec = new StagesSpec { Alignment = alignment with { Share = AlignmentShare ?? alignment.Share }, Distillation = distillation };
            return LinearisedStages.Of(linearised, new() { Stages = spec }, seed, total, teaching, Rounding(linearised));
        }

        var training = new TrainingSpec();
        return XlstmStages.Of(student, training with { LearningRate = Rate ?? training.LearningRate }, total, teaching, UsePrecision);
    }

    private WeightRounding? Rounding(LinearisedModel student)
    {
        if (Quantize is not { } form || Student is null)
        {
            return null;
        }

        var rounding = WeightRounding.Of(student, form, Path.Combine(Path.GetTempPath(), $"distil-forms-{Environment.ProcessId}"));
        rounding.RoundFrozen();
        return rounding;
    }
}
