using Distil.Trainer.Distillation;
using Distil.Trainer.Torch;
using static TorchSharp.torch;

namespace Distil.Bench.Gpu;

/// <summary>The training step at the table's shapes, and its parts at 8 × 512.</summary>
internal static class TrainingFigures
{
    internal static void Measure()
    {
        foreach (var (rows, length) in new[] { (8, 512), (64, 512), (1, 2048), (1, 4096), (1, 8192), (1, 16384) })
        {
            using var student = new PaperStudent(length);
            using var batch = PaperStudent.Batch(rows, length);
            Figure.Measure(
                $"training step {rows} x {length}", () => student.Step(batch), rows * (long)length, runs: rows == 8 ? 20 : 8, warmUp: rows == 8 ? 60 : 3);
            if (rows == 8)
            {
                Parts(student, rows, length);
            }
        }
    }

    private static void Parts(PaperStudent student, int rows, int length)
    {
        using var scope = NewDisposeScope();
        using var batch = PaperStudent.Batch(rows, length);
        var (ids, targets) = (batch.Parts[0].Rows.InputIds, batch.Parts[0].Targets!.Outputs);
        var hidden = randn([rows, length, PaperStudent.Width], ScalarType.BFloat16, CUDA);
        var head = new DistillationHead(student.Model.Backend, student.Model.HeadWeight.dtype);
        Figure.Measure(
            "head + CE + KL", () => head.Compute(hidden, student.Model.HeadWeight, ids, null, targets, new(0.1, 0.8, 1.5)), rows * (long)length);
        var x = randn([rows, length, PaperStudent.Width], ScalarType.Float32, CUDA).requires_grad_();
        var gradient = randn_like(x);
        foreach (var (block, name) in new[] { (0, "sLSTM"), (1, "mLSTM") })
        {
            Figure.Measure($"{name} block forward + backward", () =>
            {
                GradientScope.Backward(student.Model.ForwardBlock(block, x), gradient);
                x.grad = null;
                foreach (var parameter in student.Model.TrainableParameters)
                {
                    parameter.Value.grad = null;
                }
            });
        }

        var gradients = student.Model.TrainableParameters.Select(parameter => zeros_like(parameter.Value)).ToArray();
        Figure.Measure("AdamW", () =>
        {
            foreach (var (i, parameter) in student.Model.TrainableParameters.Index())
            {
                parameter.Value.grad = gradients[i];
            }
            student.Optimizer.Step(1e-4, 1);
        });
    }
}
