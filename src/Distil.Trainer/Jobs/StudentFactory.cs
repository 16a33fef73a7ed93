using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Runs.Planning;
using Distil.Core.Specification;
using Distil.Inference.Models;
using Distil.Trainer.Models;
using Distil.Trainer.Models.Linearised;
using Distil.Trainer.Models.Transformers;
using Distil.Trainer.Models.Xlstm;
using Distil.Trainer.Training.Checkpoints;
using Distil.Trainer.Training.Quantization;

namespace Distil.Trainer.Jobs;

/// <summary>Creates a run's students, and restores them from checkpoints.</summary>
internal static class StudentFactory
{
    /// <summary>Creates the student before its first step: the same for every variant.</summary>
    /// <param name="job">The job.</param>
    /// <param name="variant">Which; the controls are the teacher.</param>
    public static IStudentModel CreateStudent(this ComputeContext job, StudentVariant variant = StudentVariant.Distilled)
    {
        if (variant is StudentVariant.TeacherOnText or StudentVariant.TeacherOnLoss)
        {
            return LinearisedModel.Keep(job.TeacherFolder, job.Spec.Student.TrainEmbedding, job.Device);
        }

        if (job.Request.Linearised is { } shape)
        {
            return LinearisedModel.Create(shape, job.TeacherFolder, job.Spec.Student.Gates, job.Spec.Student.TrainEmbedding, job.Device);
        }

        using var teacher = EmbeddingAndHead.Read(job.TeacherFolder);
        return XlstmModel.Create(
            XlstmConfig.Of(job.Request.Student!, job.Spec.Student, job.Spec.Dataset.ContextLength), teacher.Embedding, teacher.Head, job.Spec.Seed, job.Device);
    }

    /// <summary>Sets a student's precision to <c>training.precision</c>: bfloat16 on a GPU, while an optimiser keeps the weights in float32.</summary>
    public static void UsePrecision(this ComputeContext job, IStudentModel student)
    {
        if (job.Spec.Training.Precision != Precision.Bf16)
        {
            return;
        }

        if (job.Device.type == TorchSharp.DeviceType.CUDA)
        {
            student.UseBFloat16();
        }
        else
        {
            job.Log.PrecisionIsFp32();
        }
    }

    /// <summary>Restores the student after an epoch.</summary>
    /// <exception cref="ArtifactException">Its checkpoint is missing or damaged.</exception>
    public static async Task<IStudentModel> RestoreStudentAsync(this JobContext job, Weights weights)
    {
        return job.LoadStudent(weights, await job.FetchStudentAsync(weights));
    }

    /// <summary>Fetches the checkpoint of the student after an epoch.</summary>
    /// <returns>Its folder.</returns>
    /// <exception cref="ArtifactException">Its checkpoint is missing or damaged.</exception>
    public static async Task<string> FetchStudentAsync(this JobContext job, Weights weights)
    {
        var folder = Directory.CreateDirectory(Path.Combine(job.Folder, $"restored-{weights.Student}")).FullName;
        await new CheckpointStore(job.Store, weights).RestoreEndAsync(folder, job.Stop);
        return folder;
    }

    /// <summary>How the passes of an epoch round a student's weights: those of the last epoch, if the run trains for a quantised form.</summary>
    /// <param name="job">The job.</param>
    /// <param name="weights">The weights after the epoch.</param>
    /// <param name="student">The student.</param>
    /// <param name="folder">As in <see cref="WeightRounding.Of(IStudentModel, WeightForm, string)"/>.</param>
    /// <returns>Null if the epoch computes with the exact weights. The controls are the teacher, which is not exported.</returns>
    public static WeightRounding? RoundingOf(this ComputeContext job, Weights weights, IStudentModel student, string folder) =>
        job.Spec.Training.Quantize is { } quantized && weights.Epoch + 1 >= weights.Run.Epochs && weights.Run.Experts is null
            && weights.Student is not (StudentVariant.TeacherOnText or StudentVariant.TeacherOnLoss)
            ? WeightRounding.Of(student, quantized.Form, folder)
            : null;

    /// <summary>Creates the student of a checkpoint. If its last epoch trained for a quantised form, its weights are what that form leaves of them: the exact
    /// ones, which only training needs, predict worse.</summary>
    /// <param name="job">The job.</param>
    /// <param name="weights">Which weights the checkpoint has.</param>
    /// <param name="folder">The checkpoint.</param>
    public static IStudentModel LoadStudent(this ComputeContext job, Weights weights, string folder)
    {
        var student = job.CreateStudent(weights.Student);
        CheckpointFolder.LoadWeights(folder, job.IdentityOf(weights), student.TrainableParameters);
        job.RoundingOf(weights, student, Path.Combine(folder, $"forms-{job.Ranks.Rank}"))?.RoundAll();
        return student;
    }

    /// <summary>Hash of everything that determines a student's weights at a position.</summary>
    public static string IdentityOf(this ComputeContext job, Weights weights) => weights.Run.Experts is { } experts
        ? Identities.Merged(experts)
        : Identities.Weights(job.Spec, job.Request.Student, job.Request.Linearised, weights.Run.Dataset.Id, weights.Run.TeacherOutputs.Id, weights.Student);
}
