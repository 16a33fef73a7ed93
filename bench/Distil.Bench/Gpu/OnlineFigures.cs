using Distil.Core.Documents;
using Distil.Core.Specification;
using Distil.Trainer.Models.Transformers;
using Distil.Trainer.TeacherOutputs;
using Distil.Trainer.Training;
using Distil.Trainer.Training.Rows;
using Distil.Trainer.Training.Schedules;
using Distil.Trainer.Training.Steps;
using Distil.Trainer.Training.Targets;
using static TorchSharp.torch;

namespace Distil.Bench.Gpu;

/// <summary>Trains with the teacher in each step, and compares the loss with that of the same teacher's stored outputs.</summary>
internal static class OnlineFigures
{
    private const int Rows = 8, Length = 512, Batches = 6, EpochBatches = 500;

    internal static void Measure()
    {
        using var teacher = PaperTeacher.Create();
        var random = new Random(1);
        int[] ids = [.. Enumerable.Range(0, EpochBatches * Rows * Length).Select(_ => random.Next(teacher.VocabularySize))];
        using var rows = new DeviceRows(ids, Length, CUDA);
        using (var first = new DeviceRows(ids.AsSpan(0, Batches * Rows * Length), Length, CUDA))
        {
            Agreement(teacher, first);
        }
        foreach (var (reduction, name) in new[] { (FrobeniusReduction.Paper, ""), (FrobeniusReduction.Ratio, ", alignment by layers (ratio)") })
        {
            using var student = new PaperStudent(Length);
            var loss = new DeltaDistillation(new DistillationSpec { Alignment = new AlignmentSpec { Reduction = reduction } });
            var steps = LoopSpeed.Measure(student, rows, (loss, Online(teacher, loss)), Rows, seconds: 6);
            Figure.Say($"training step {Rows} x {Length}, online teacher{name}", new
            {
                ms = Math.Round(1e3 / steps, 3),
                tokens_per_s = Math.Round(steps * Rows * Length),
            });
        }
    }

    private static OnlineTargets Online(TransformerModel teacher, DeltaDistillation loss) =>
        new(teacher, PaperTeacher.Settings with { MeanHidden = loss.Alignment.NeedsMeanHidden }, loss.Alignment.NeedsLayers);

    private static void Agreement(TransformerModel teacher, DeviceRows rows)
    {
        var loss = new DeltaDistillation(new DistillationSpec());
        var path = Path.Combine(Path.GetTempPath(), $"distil-bench-{Environment.ProcessId}.bin");
        try
        {
            using (var writer = new TeacherOutputsWriter(
                path, TeacherOutputsHeader.For(PaperTeacher.Settings, Length, teacher.VocabularySize, teacher.HiddenSize)))
            {
                var extractor = new TeacherExtractor(teacher, PaperTeacher.Settings);
                for (long row = 0; row < Batches * Rows; row++)
                {
                    using var scope = NewDisposeScope();
                    using var batch = rows.Read(new(0, [row]))[0];
                    writer.Append(extractor.Extract(batch.InputIds));
                }

                writer.Complete();
            }

            using var file = TeacherOutputsFile.Open(path);
            var (online, stored) = (Losses(rows, loss, Online(teacher, loss)), Losses(rows, loss, new FromFile(file)));
            double Largest(Func<StepMetrics, double> of) => online.Zip(stored, (a, b) => Math.Abs(of(a) / of(b) - 1)).Max();
            Figure.Say("losses of the first steps, online teacher against its stored outputs: largest relative difference", new
            {
                steps = online.Count,
                loss = Largest(step => step.Loss),
                kl = Largest(step => step.Kl!.Value),
                alignment = Largest(step => step.Alignment!.Value),
                gradient_norm = Largest(step => step.GradientNorm), first_loss = online[0].Loss, first_kl = online[0].Kl,
            });
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>The metrics of a new student's first epoch.</summary>
    private static List<StepMetrics> Losses(DeviceRows rows, DeltaDistillation loss, ITargetSource targets)
    {
        using var student = new PaperStudent(Length);
        var losses = new List<StepMetrics>();
        var loop = new TrainingLoop(
            student.Model, student.Optimizer, new LearningRateSchedule(2e-4, 1, 1_000_000), rows, new RowOrder(1, rows.RowsOfShards, Rows, 1), (loss, targets),
            new TrainingLoopOptions { Seed = 1, TotalSteps = Batches, CheckpointEverySteps = int.MaxValue }, TimeProvider.System, losses.Add);
        _ = loop.RunEpoch(0, new(0, 0, 0), CancellationToken.None).Last();
        return losses;
    }
}
