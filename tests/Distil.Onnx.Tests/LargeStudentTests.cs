using Distil.Core.Specification;
using Distil.Inference.Engines;
using Distil.Inference.Models;
using Distil.Inference.Tests.Engines;

namespace Distil.Onnx.Tests;

/// <summary>A student of 2.2 GB, exported and run. <c>DISTIL_LARGE=1</c> runs these tests: they take 7 GB of the disk, and of memory.</summary>
public sealed class LargeStudentTests : IDisposable
{
    // The paper's student, with a head of its own.
    private static readonly XlstmConfig Paper = new()
    {
        VocabularySize = 151_936, ContextLength = 512, Blocks = 6, Width = 1536, SlstmAt = [0, 2], MlstmHeads = 12, SlstmHeads = 12,
        FeedForwardProjFactor = 1.7,
    };

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("distil-large-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(OnnxStudent.DefaultFileBytes, 2)]
    [InlineData(long.MaxValue, 1)] // in one file of more than 2 GB
    public void Files_of_more_than_2_GB_in_all_load_and_run(long fileBytes, int files)
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("DISTIL_LARGE") == "1", "it takes 7 GB of memory; DISTIL_LARGE=1 runs it");
        var student = _folder.CreateSubdirectory("student").FullName;
        XlstmConfigFile.Write(Paper, student);
        RandomWeights.Write(student, RandomStudent.Tensors(Paper), seed: 1, bfloat16: false, repeated: true);
        OnnxStudent.Write(student, WeightForm.Fp32, _folder.FullName, fileBytes);
        long[] bytes = [.. _folder.EnumerateFiles("model.onnx.data*").Select(file => file.Length)];
        Assert.Equal(files, bytes.Length);
        Assert.True(bytes.Sum() > 1L << 31, $"{bytes.Sum():N0} bytes of weights");

        float[] logits;
        using (var session = new Session(_folder.FullName))
        {
            logits = session.Read([7]);
        }

        using var engine = StudentEngine.Open(student, new() { Threads = 1 });
        using var state = engine.NewState();
        engine.Run([new(state, 7, true)]);
        OnnxStudentTests.AssertClose(engine.Logits(0), logits, 1e-4f, $"in {files} files");
    }
}
