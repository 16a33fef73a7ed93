using System.Runtime.InteropServices;
using System.Text;
using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Documents.Reports;
using Distil.Core.Jobs;
using Distil.Core.Safetensors;
using Distil.Core.Specification;
using Distil.Onnx;
using Distil.Trainer.Tests.Training;

namespace Distil.Trainer.Tests.Jobs;

/// <summary>A run that trains for int4, and writes and measures several forms.</summary>
public sealed class QuantizedRunTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(StudentKind.Xlstm)]
    [InlineData(StudentKind.Linearised)]
    public async Task The_last_epoch_resumes_to_the_same_bytes_and_the_report_has_what_each_form_costs(StudentKind kind)
    {
        using var run = Small(kind);
        using var torn = Small(kind);
        foreach (var each in new[] { run, torn })
        {
            await each.PrepareAndTeachAsync();
            SmallRun.Succeeded(await each.DoAsync(JobKind.Train, "train-001", epoch: 0));
        }

        SmallRun.Succeeded(await run.DoAsync(JobKind.Train, "train-002", epoch: 1));
        using var stop = new CancellationTokenSource();
        torn.Changed = blob =>
        {
            if (blob.Contains("/epoch-002/step-000003/manifest", StringComparison.Ordinal))
            {
                stop.Cancel();
            }
        };
        Assert.Equal(FailureClass.Preempted, (await torn.DoAsync(JobKind.Train, "train-002", epoch: 1, stop: stop)).Failure?.Class);
        SmallRun.Succeeded(await torn.DoAsync(JobKind.Train, "train-002-try-2", epoch: 1));
        Assert.Equal(LastWeights(run), LastWeights(torn));

        for (var epoch = 0; epoch < 2; epoch++)
        {
            SmallRun.Succeeded(await run.DoAsync(JobKind.Evaluate, $"evaluate-{epoch}", epoch: epoch));
        }

        SmallRun.Succeeded(await run.DoAsync(JobKind.Export, "export"));
        var id = run.Plan.RunId;
        var report = await run.Store.ReadJsonAsync<RunReport>(ArtifactLayout.ReportData(id), Cancel);
        Assert.Equal([WeightForm.Fp32, WeightForm.Int4], report.Forms!.Select(form => form.Form));
        var (exact, int4) = (report.Forms![0], report.Forms[1]);
        Assert.Equal(report.Epochs[^1].Distilled.Student.CrossEntropy, exact.Exact, 1e-5);
        Assert.Equal((exact.Exact, exact.Exact, 1.0), (exact.Rounded, int4.Exact, exact.Agreement));
        Assert.Equal((exact.Exact, 1.0), (int4.Rounded, int4.Agreement)); // the run's student is what int4 leaves of its weights
        Assert.InRange(int4.Kl, 0, 1e-9);
        await AssertIsRoundedAsync(run);
        Assert.All(
            new[] { "hf-fp32/model.safetensors", "hf-fp32/tokenizer.json", "onnx-fp32/model.onnx", "onnx-int4/model.onnx", "onnx-int4/model.onnx.data" },
            file => Assert.Contains(ArtifactLayout.Exports(id) + file, run.Blobs));
        Assert.Equal(
            report.Storage.ExportBytes,
            run.Blobs.Where(blob => blob.StartsWith(ArtifactLayout.Exports(id), StringComparison.Ordinal)).Sum(blob => (long)run[blob].Length));
        var figure = FormattableString.Invariant($"{int4.Rounded:F4}");
        Assert.Contains(figure, Text(run, ArtifactLayout.ModelFile(id, StudentVariant.Distilled, "README.md")), StringComparison.Ordinal);
        Assert.Contains(figure, Text(run, ArtifactLayout.Export(id, "onnx-int4") + "README.md"), StringComparison.Ordinal);
        Assert.Contains("<section id=\"forms\">", Text(run, ArtifactLayout.Report(id)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_the_last_epoch_computes_with_rounded_weights()
    {
        using var plain = new SmallRun(spec => spec with { Dataset = Short(spec.Dataset), Evaluation = spec.Evaluation with { Baseline = false } });
        using var quantized = Small(StudentKind.Xlstm);
        var weights = new List<byte[]>();
        foreach (var run in new[] { plain, quantized })
        {
            await run.PrepareAndTeachAsync();
            for (var epoch = 0; epoch < 2; epoch++)
            {
                SmallRun.Succeeded(await run.DoAsync(JobKind.Train, $"train-{epoch}", epoch: epoch));
                weights.Add(LastWeights(run));
            }
        }

        Assert.Equal(weights[0], weights[2]);
        Assert.NotEqual(weights[1], weights[3]);
    }

    /// <summary>The run's model is its own int4 form to the last bit, and another than the checkpoint from which training would go on.</summary>
    private static async Task AssertIsRoundedAsync(SmallRun run)
    {
        using var folder = new TemporaryFolder();
        foreach (var name in new[] { "config.json", "model.safetensors" })
        {
            await File.WriteAllBytesAsync(folder[name], run[ArtifactLayout.ModelFile(run.Plan.RunId, StudentVariant.Distilled, name)], Cancel);
        }

        RoundedStudent.Write(folder.Path, WeightForm.Int4, folder["again"]);
        var (own, rounded) = (await Values(folder.Path), await Values(folder["again"]));
        Assert.Equal(own.Keys.Order(), rounded.Keys.Order());
        Assert.All(own, weight => Assert.Equal(weight.Value, rounded[weight.Key]));
        Assert.Contains(RoundedStudent.FormsOf(folder.Path, WeightForm.Int4), weight => weight.Value == WeightForm.Int4);

        static async Task<IReadOnlyDictionary<string, float[]>> Values(string folder)
        {
            using var weights = WeightFolder.Open(folder);
            var bytes = await File.ReadAllBytesAsync(Path.Combine(folder, "model.safetensors"), Cancel);
            var start = 8 + (int)BitConverter.ToInt64(bytes);
            return weights.Stored.ByName.Values.ToDictionary(
                tensor => tensor.Name, tensor => MemoryMarshal.Cast<byte, float>(bytes.AsSpan()[(start + (int)tensor.Entry.Begin)..(start + (int)tensor.Entry.End)]).ToArray());
        }
    }

    // Some steps in each epoch: enough to be stopped between two.
    private static DatasetSpec Short(DatasetSpec dataset) => dataset with { MaxTokens = 1500 };

    private static SmallRun Small(StudentKind kind) => new(spec => spec with
    {
        Dataset = Short(spec.Dataset),
        Student = kind == StudentKind.Linearised ? new StudentSpec { Kind = kind, Window = 8, Sinks = 2 } : spec.Student,
        Training = spec.Training with { Quantize = QuantizedForm.Int4, Stages = kind == StudentKind.Linearised ? new() : null },
        Evaluation = spec.Evaluation with { Baseline = false, Tasks = [], Recall = new() { Lengths = [] } },
        Export = new() { To = [ExportTarget.Hf, ExportTarget.Onnx], Weights = [WeightForm.Fp32, WeightForm.Int4] },
    });

    private static string Text(SmallRun run, string blob) => Encoding.UTF8.GetString(run[blob]);

    private static byte[] LastWeights(SmallRun run) =>
        run[run.Blobs.Where(blob => blob.EndsWith("/weights.safetensors", StringComparison.Ordinal)).Order(StringComparer.Ordinal).Last()];
}
