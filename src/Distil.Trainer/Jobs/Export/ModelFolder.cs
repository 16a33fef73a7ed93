using Distil.Core.Artifacts;
using Distil.Core.Documents.Reports;
using Distil.Core.Safetensors;
using Distil.Core.Sources;
using Distil.Core.Specification;
using Distil.Trainer.Models;

namespace Distil.Trainer.Jobs.Export;

/// <summary>Stores a student's folder, which transformers and the authors' Python code can load.</summary>
internal static class ModelFolder
{
    /// <summary>Writes the folder locally and uploads it.</summary>
    /// <returns>Its files.</returns>
    public static async Task<IReadOnlyList<ArtifactFile>> UploadAsync(JobContext job, IStudentModel student, StudentVariant variant)
    {
        var folder = Path.Combine(job.Folder, $"model-{variant}");
        student.Save(folder, WeightStorage.Of(bfloat16: job.Spec.Export.Dtype == Precision.Bf16));
        foreach (var name in ModelFiles.TextFiles)
        {
            var path = Path.Combine(job.TeacherFolder, name);
            if (File.Exists(path))
            {
                File.Copy(path, Path.Combine(folder, name));
            }
        }

        var files = new List<ArtifactFile>();
        foreach (var path in Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal))
        {
            files.Add(await job.Store.UploadAsync(ArtifactLayout.ModelFile(job.Request.RunId, variant, Path.GetFileName(path)), path, job.Stop));
        }

        return files;
    }

    /// <summary>Writes the model card of the run's student into its folder and uploads it.</summary>
    public static Task<ArtifactFile> UploadCardAsync(JobContext job, RunReport report)
    {
        var path = Path.Combine(job.Folder, $"model-{StudentVariant.Distilled}", ModelCard.Name);
        File.WriteAllText(path, ModelCard.Of(report));
        return job.Store.UploadAsync(ArtifactLayout.ModelFile(job.Request.RunId, StudentVariant.Distilled, ModelCard.Name), path, job.Stop);
    }
}
