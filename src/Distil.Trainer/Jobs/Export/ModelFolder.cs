using Distil.Core.Artifacts;
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
        var folder = Write(job, student, PathOf(job, variant), WeightStorage.Of(bfloat16: job.Spec.Export.Dtype == Precision.Bf16));
        var files = new List<ArtifactFile>();
        foreach (var path in Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal))
        {
            files.Add(await job.Store.UploadAsync(ArtifactLayout.ModelFile(job.Request.RunId, variant, Path.GetFileName(path)), path, job.Stop));
        }

        return files;
    }

    /// <summary>Writes the folder locally, with what travels with the teacher.</summary>
    /// <param name="job">The export job.</param>
    /// <param name="student">The student.</param>
    /// <param name="folder">The folder.</param>
    /// <param name="storage">Element type and size of the files of weights.</param>
    /// <returns>The folder.</returns>
    public static string Write(JobContext job, IStudentModel student, string folder, WeightStorage storage)
    {
        student.Save(folder, storage);
        foreach (var text in ModelFiles.TextFiles)
        {
            var path = Path.Combine(job.TeacherFolder, text);
            if (File.Exists(path))
            {
                File.Copy(path, Path.Combine(folder, text));
            }
        }

        return folder;
    }

    /// <summary>The local folder of a student.</summary>
    public static string PathOf(JobContext job, StudentVariant variant) => Path.Combine(job.Folder, $"model-{variant}");

    /// <summary>Writes the model card of the run's student into its folder and uploads it.</summary>
    public static Task<ArtifactFile> UploadCardAsync(JobContext job, string card)
    {
        var path = Path.Combine(PathOf(job, StudentVariant.Distilled), ModelCard.Name);
        File.WriteAllText(path, card);
        return job.Store.UploadAsync(ArtifactLayout.ModelFile(job.Request.RunId, StudentVariant.Distilled, ModelCard.Name), path, job.Stop);
    }
}
