using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Documents;
using Distil.Core.Documents.Evaluations;
using Distil.Core.Specification;
using Distil.Core.Tokenization;
using Distil.Trainer.Evaluation;
using Distil.Trainer.Jobs.Export;
using Distil.Trainer.Models;
using Distil.Trainer.Reports;

namespace Distil.Trainer.Jobs;

/// <summary>Writes the finished model's folder and the report.</summary>
internal sealed class ExportJob(Report report) : IJob
{
    private const int RowsOfKlErrors = 4;

    /// <inheritdoc />
    public async Task<object> RunAsync(JobContext job)
    {
        var final = report.Final(StudentVariant.Distilled);
        var checkpoint = await job.FetchStudentAsync(final);
        using var student = job.LoadStudent(final, checkpoint);
        using var baseline = job.Spec.Evaluation.Baseline ? await job.RestoreStudentAsync(report.Final(StudentVariant.WithoutTeacher)) : null;
        job.Progress.Report("export the model", 0, 3, "parts");
        var model = await ModelFolder.UploadAsync(job, student, StudentVariant.Distilled);
        if (baseline is not null)
        {
            await ModelFolder.UploadAsync(job, baseline, StudentVariant.WithoutTeacher);
        }

        job.Progress.Report("continue prompts", 1, 3, "parts");
        var tokenizer = HuggingFaceTokenizer.Load(job.TeacherFolder);
        var heldOut = await job.ReadEvalRowsAsync(report.Run.Dataset, SampleMaker.RowsLookedAt);
        var samples = SampleMaker.Make(job, tokenizer, heldOut, student, baseline);
        var greedy = SampleMaker.MeasureGreedy(job, tokenizer, heldOut, student, baseline);
        job.Progress.Report("measure decoding", 2, 3, "parts");
        var decode = MeasureDecoding(job, student);
        var klErrors = MeasureKlErrors(job, student, heldOut.Take(RowsOfKlErrors));
        var forms = await FormMeasure.MeasureAsync(job, report, student, checkpoint);
        var numbers = await ReportAssembly.ReadAsync(job, report, model, samples, decode, klErrors) with { Greedy = greedy, Forms = forms.Count > 0 ? forms : null };
        var text = ModelCard.Of(numbers);
        var card = await ModelFolder.UploadCardAsync(job, text);
        numbers = numbers with { Storage = numbers.Storage with { ExportBytes = await ExportedFolders.UploadAsync(job, student, text, forms) } };
        await job.Store.WriteTextAsync(ArtifactLayout.Report(job.Request.RunId), ReportHtml.Render(numbers), "text/html; charset=utf-8", job.Stop);
        await job.Store.WriteJsonAsync(report.Closing, numbers, job.Stop);
        var result = numbers.Epochs[^1];
        return new ExportOutput
        {
            Report = ArtifactLayout.Report(job.Request.RunId),
            Model = ArtifactLayout.Model(job.Request.RunId, StudentVariant.Distilled),
            ModelFiles = [.. model, card],
            Notes = numbers.Notes.Count > 0 ? numbers.Notes : null,
            StudentPerplexity = result.Distilled.Student.Perplexity,
            TeacherPerplexity = result.Distilled.Teacher!.Perplexity,
            StudentWithoutTeacherPerplexity = result.WithoutTeacher?.Student.Perplexity,
        };
    }

    private static IReadOnlyList<KlError> MeasureKlErrors(JobContext job, IStudentModel student, IEnumerable<EvaluationRow> rows)
    {
        if (!job.Spec.StoresTeacherOutputs)
        {
            return [];
        }

        var temperature = job.Spec.Distillation.Temperature;
        return new KlErrorMeasure(student, job.LoadTeacher(), TeachJob.SettingsOf(job.Spec)).Measure(rows, [temperature.From, temperature.To], job.Stop);
    }

    private static IReadOnlyList<DecodeComparison> MeasureDecoding(JobContext job, IStudentModel student)
    {
        var length = job.Spec.Dataset.ContextLength;
        var contexts = job.Spec.Evaluation.DecodeContexts ?? [length / 4, length, 4 * length];
        return new DecodeBenchmark(new DecodeBenchmarkOptions()).Compare(student, job.LoadTeacher(), job.Request.Teacher.MaxPositions, contexts, job.Stop);
    }
}
