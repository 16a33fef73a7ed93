using Distil.Core.Models;
using Distil.Core.Specification;
using Distil.Trainer.Training.Checkpoints;
using Distil.Trainer.Training.Schedules;
using Distil.Trainer.Training.Stages;
using Distil.Trainer.Training.Steps;
using static TorchSharp.torch;

namespace Distil.Bench.Gpu;

/// <summary>Both stages of linearised students of Qwen2.5's shapes, beside the card's matrix-product rate and the teacher's forward pass.</summary>
internal static class LinearisedFigures
{
    private const int Side = 8192, Runs = 8, WarmUp = 3;

    internal static void Small() => Measure("0.5B", LinearisedStudent.Small, rows: 8, length: 2048, windows: [512, 0]);

    internal static void Large() => Measure("1.5B", LinearisedStudent.Large, rows: 4, length: 4096, windows: [512]);

    private static void Measure(string name, TransformerConfig shape, int rows, int length, int[] windows)
    {
        var rate = ProductRate();
        var tokens = rows * (long)length;
        foreach (var window in windows)
        {
            var what = $"{name} {rows} x {length}, W {window}";
            using var student = new LinearisedStudent(shape, length, window);
            using var batch = PaperStudent.Batch(rows, length);
            Distil(what, student, batch, tokens, rate);
            Align(what, student, batch, tokens);
            if (window == windows[0])
            {
                LinearisedParts.Measure(what, student, batch, rows, length);
            }
        }

        Teacher($"{name} {rows} x {length}", shape, rows, length);
    }

    private static void Distil(string what, LinearisedStudent student, StepBatch batch, long tokens, double rate)
    {
        var (step, optimizer) = student.Distillation();
        using (optimizer)
        {
            var ms = Figure.Measure($"linearised stage II step {what}", () => step(batch), tokens, Runs, WarmUp);
            if (double.IsNaN(ms))
            {
                return;
            }

            Figure.Say($"share of the matrix-product rate, stage II {what}", new
            {
                share = Math.Round(6.0 * student.Parameters * tokens / (ms / 1e3) / rate, 3), parameters = student.Parameters,
                teraflops = Math.Round(6.0 * student.Parameters * tokens / (ms / 1e3) / 1e12, 1), form = student.Model.Operations[0].Form,
            });
        }
    }

    private static void Align(string what, LinearisedStudent student, StepBatch batch, long tokens)
    {
        using var stage = new AlignmentStage(student.Model, new AlignmentStageSpec(), LearningRateSchedule.WithRatio(1e-2, 0.1, 100), gradientClip: 1);
        Figure.Measure($"linearised stage I step {what}", () => stage.Run(batch, TrainingPosition.Start), tokens, Runs, WarmUp);
    }

    private static void Teacher(string what, TransformerConfig shape, int rows, int length)
    {
        using var teacher = PaperTeacher.Create(shape);
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var ids = randint(teacher.VocabularySize, [rows, length], ScalarType.Int64, CUDA);
        Figure.Measure($"teacher forward {what}", () => teacher.Forward(ids), rows * (long)length, Runs, WarmUp);
    }

    /// <summary>Operations a second of a large bfloat16 product of random matrices.</summary>
    private static double ProductRate()
    {
        using var scope = NewDisposeScope();
        var (a, b) = (randn([Side, Side], ScalarType.BFloat16, CUDA), randn([Side, Side], ScalarType.BFloat16, CUDA));
        var ms = Figure.Measure($"bf16 product {Side}³", () => a.mm(b));
        Figure.Say("matrix-product rate", new { teraflops = Math.Round(2.0 * Side * Side * Side / (ms / 1e3) / 1e12, 1) });
        return 2.0 * Side * Side * Side / (ms / 1e3);
    }
}
