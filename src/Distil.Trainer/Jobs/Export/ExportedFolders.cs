using Distil.Core.Artifacts;
using Distil.Core.Documents.Evaluations;
using Distil.Core.Safetensors;
using Distil.Core.Specification;
using Distil.Onnx.Exports;
using Distil.Trainer.Models;

namespace Distil.Trainer.Jobs.Export;

/// <summary>Stores the finished student's folders for other programs.</summary>
internal static class ExportedFolders
{
    /// <summary>Writes each folder locally and uploads it.</summary>
    /// <param name="job">The export job.</param>
    /// <param name="student">The student.</param>
    /// <param name="card">The card of its own folder.</param>
    /// <param name="qualities">What the forms cost.</param>
    /// <returns>Bytes of all files; null if there are no folders.</returns>
    internal static async Task<long?> UploadAsync(JobContext job, IStudentModel student, string card, IReadOnlyList<FormQuality> qualities)
    {
        var parts = job.Spec.Export.Parts;
        if (parts.Count == 0)
        {
            return null;
        }

        var exact = ModelFolder.PathOf(job, StudentVariant.Distilled);
        if (job.Spec.Export.Dtype == Precision.Bf16) // the student's own folder has rounded weights
        {
            exact = ModelFolder.Write(job, student, Path.Combine(job.Folder, "exact"), WeightStorage.Of(bfloat16: false));
            await File.WriteAllTextAsync(Path.Combine(exact, ModelCard.Name), card, job.Stop);
        }

        var (export, bytes) = (new StudentExport(exact, Path.Combine(job.Folder, "exports"), parts), 0L);
        foreach (var part in parts)
        {
            job.Stop.ThrowIfCancellationRequested();
            var (folder, size) = export.Write(part, qualities.FirstOrDefault(quality => quality.Form == part.Form));
            foreach (var path in Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal))
            {
                await job.Store.UploadAsync(ArtifactLayout.Export(job.Request.RunId, part.Name) + Path.GetFileName(path), path, job.Stop);
            }

            Directory.Delete(folder, recursive: true);
            bytes += size;
        }

        return bytes;
    }
}
