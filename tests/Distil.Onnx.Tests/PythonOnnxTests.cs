using System.Text.Json;
using Distil.Core.Specification;
using Distil.Inference.Engines;
using Distil.Inference.Generation;
using Distil.Inference.Sampling;

namespace Distil.Onnx.Tests;

/// <summary>Exported students in ONNX Runtime for Python, if this machine's python3 has it.</summary>
/// <remarks><c>DISTIL_PYTHON_CASES</c> names a folder in which the cases stay, for a machine with Python and without .NET: <c>python3 check_onnx.py
/// FOLDER/*</c>.</remarks>
public sealed class PythonOnnxTests : IDisposable
{
    private readonly DirectoryInfo _temporary = Directory.CreateTempSubdirectory("distil-onnx-");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _temporary.Delete(recursive: true);

    [Fact]
    public async Task Onnx_runtime_in_python_computes_the_same()
    {
        string[] cases =
        [
            Case("xlstm", WeightForm.Fp32), Case("xlstm", WeightForm.Bf16), Case("xlstm", WeightForm.Int8), Case("xlstm", WeightForm.Int4),
            Case("linearised", WeightForm.Fp32), Case("linearised, window", WeightForm.Fp32), Case("linearised, kept attention", WeightForm.Fp32),
            Case("linearised, whole blocks", WeightForm.Int4),
        ];
        Assert.SkipUnless(await PythonProgram.RunAsync("-c", "import onnxruntime") is (0, _), "python3 has no onnxruntime");

        var (exit, output) = await PythonProgram.RunAsync([Path.Combine(AppContext.BaseDirectory, "Python", "check_onnx.py"), .. cases]);
        Assert.True(exit == 0, output);
    }

    /// <summary>An exported student with what the engine says with the weights that are left.</summary>
    private string Case(string name, WeightForm form)
    {
        var (student, folder) = (
            Cases.Folder(name),
            Path.Combine(PythonProgram.KeptFolder ?? _temporary.FullName, $"{name.Replace(", ", "-", StringComparison.Ordinal)}-{form}"));
        Directory.CreateDirectory(folder);
        OnnxStudent.Write(student, form, folder);
        var rounded = Path.Combine(_temporary.FullName, "rounded");
        RoundedStudent.Write(student, form, rounded);
        using var engine = StudentEngine.Open(rounded, new() { Threads = 1 });
        using var state = engine.NewState();
        var tokens = Cases.Tokens(30);
        engine.Run([.. tokens.Select((token, i) => new StudentInput(state, token, i == tokens.Length - 1))]);
        var logits = engine.Logits(0).ToArray();
        int[] greedy = [.. new Generator(engine).Continue(tokens, SamplingOptions.Greedy, 64, cancel: Cancel)];
        File.WriteAllText(Path.Combine(folder, "case.json"), JsonSerializer.Serialize(new { tokens, logits, greedy }));
        return folder;
    }
}
