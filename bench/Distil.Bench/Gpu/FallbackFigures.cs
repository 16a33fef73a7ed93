using Distil.Trainer.Kernels;
using Distil.Trainer.TeacherOutputs;
using static TorchSharp.torch;

namespace Distil.Bench.Gpu;

/// <summary>A training step 8 × 512 of the paper's student and a teacher's pass without each of their CUDA kernels in turn: the source of the costs in
/// <see cref="Kernel"/>.</summary>
internal static class FallbackFigures
{
    private static readonly Operation[] OfTeacher = [Operation.Extraction, Operation.TeacherLayers];

    internal static void Measure()
    {
        Step("training step", Backend.For(CUDA));
        Step("training step in float32", Backend.For(CUDA), ScalarType.Float32);
        Step($"training step in float32, without {Operation.SLstmScan.Name}", Backend.For(CUDA).Without(Operation.SLstmScan), ScalarType.Float32);
        Teacher("teacher's pass", Backend.For(CUDA));
        foreach (var operation in Kernel.All.Where(kernel => kernel.Form == Form.Cuda && kernel.Operation != Operation.LinearisedLayers).Select(kernel => kernel.Operation).Distinct())
        {
            var without = Backend.For(CUDA).Without(operation);
            if (OfTeacher.Contains(operation))
            {
                Teacher($"teacher's pass, without {operation.Name}", without);
            }
            else
            {
                Step($"training step, without {operation.Name}", without);
            }
        }
    }

    private static void Step(string name, Backend backend, ScalarType type = ScalarType.BFloat16)
    {
        using var student = new PaperStudent(512, backend: backend, type: type);
        using var batch = PaperStudent.Batch(8, 512);
        Figure.Measure(name, () => student.Step(batch), tokens: 8 * 512, runs: 5, warmUp: 10);
    }

    private static void Teacher(string name, Backend backend)
    {
        using var teacher = PaperTeacher.Create(backend);
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var ids = randint(teacher.VocabularySize, [8, 512], ScalarType.Int64, CUDA);
        var extractor = new TeacherExtractor(teacher, PaperTeacher.Settings);
        Figure.Measure(name, () => extractor.Extract(ids), tokens: 8 * 512, runs: 5);
    }
}
