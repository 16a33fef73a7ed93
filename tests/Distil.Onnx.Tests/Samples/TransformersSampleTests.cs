using Distil.Core.Specification;
using Distil.Core.Tokenization;
using Distil.Inference.Engines;
using Distil.Inference.Sampling;
using Distil.Inference.Tests.Engines;
using Distil.Onnx.Exports;
using Distil.Trainer.Tests;

namespace Distil.Onnx.Tests.Samples;

/// <summary>The sample for transformers, if this machine's python3 has them, continues a text as the engine on the CPU does.</summary>
public sealed class TransformersSampleTests : IDisposable
{
    private const string Prompt = "Once upon a time";
    private const int Count = 40;

    private readonly DirectoryInfo _temporary = Directory.CreateTempSubdirectory("distil-transformers-");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _temporary.Delete(recursive: true);

    [Fact]
    public async Task The_program_for_transformers_continues_a_text()
    {
        var student = RandomStudent.Write(RandomStudent.Small with { VocabularySize = 1024 });
        foreach (var name in new[] { "tokenizer.json", "tokenizer_config.json" })
        {
            File.Copy(Repository.Sample("stories", "teacher", name), Path.Combine(student, name));
        }

        var part = Assert.Single(ExportPart.Parse("hf", "fp32"));
        var (folder, _) = new StudentExport(student, Path.Combine(PythonProgram.KeptFolder ?? _temporary.FullName, "sample"), [part]).Write(part, null);
        var tokenizer = HuggingFaceTokenizer.Load(folder);
        using var engine = StudentEngine.Open(folder, new() { Threads = 1 });
        int[] prompt = [.. tokenizer.Encode(Prompt, cancel: Cancel)];
        var expected = Prompt + tokenizer.Decode([.. new Inference.Generation.Generator(engine).Continue(prompt, SamplingOptions.Greedy, Count, cancel: Cancel)]);
        await File.WriteAllTextAsync(Path.Combine(folder, "expected.txt"), expected, Cancel);
        Assert.SkipUnless(await PythonProgram.RunAsync("-c", "import torch, transformers") is (0, _), "python3 has no torch or no transformers");

        var (exit, output) = await PythonProgram.RunAsync(Repository.Sample("transformers", "generate.py"), folder, Prompt, $"{Count}");
        Assert.True(exit == 0, output);
        Assert.Contains(expected, output, StringComparison.Ordinal);
    }
}
