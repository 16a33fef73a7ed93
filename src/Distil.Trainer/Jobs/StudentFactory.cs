using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Leases;
using Distil.Core.Specification;
using Distil.Trainer.Kernels;
using Distil.Trainer.Models;
using Distil.Trainer.Models.Transformers;
using Distil.Trainer.Models.Xlstm;
using Distil.Trainer.Safetensors;
using Distil.Trainer.Training.Checkpoints;
using static TorchSharp.torch;

namespace Distil.Trainer.Jobs;

/// <summary>How jobs come by the run's students.</summary>
internal static class StudentFactory
{
    /// <summary>The student before its first step: the same for every variant.</summary>
    public static XlstmModel CreateStudent(this JobContext job)
    {
        using var teacher = EmbeddingAndHead.Read(job.TeacherFolder);
        return XlstmModel.Create(ConfigOf(job), teacher.Embedding, teacher.Head, job.Spec.Seed, job.Device);
    }

    /// <summary>Lets a student compute in <c>training.precision</c>: bfloat16 on a GPU, while an optimiser keeps the weights that it took in float32.</summary>
    public static void UsePrecision(this JobContext job, XlstmModel student)
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
            CudaRuntime.WarnOnce("training.precision is bf16 and the device a CPU: it computes in fp32, which is faster there");
        }
    }

    /// <summary>The student after an epoch.</summary>
    /// <param name="job">The job.</param>
    /// <param name="variant">Which student.</param>
    /// <param name="epoch">From 0; trained to its end.</param>
    /// <remarks>Where its checkpoint is missing or bad, the epoch is trained again, from the newest one that is whole.</remarks>
    public static async Task<XlstmModel> RestoreStudentAsync(this JobContext job, StudentVariant variant, int epoch)
    {
        var folder = Path.Combine(job.Folder, $"restored-{variant}");
        Directory.CreateDirectory(folder);
        if (!await RestoreEndAsync(job, variant, epoch, folder))
        {
            var checkpoints = ArtifactLayout.Checkpoints(job.Request.RunId, variant);
            await Console.Error.WriteLineAsync($"{checkpoints}: there is no whole checkpoint of the end of epoch {epoch + 1}; it is trained to there again");
            await using var lease = await Lease.TakeAsync(job.Store, ArtifactLayout.LeaseOn(checkpoints), job.Time, () => Task.FromResult(false), job.Stop);
            await new TrainJob().RunAsync(job with { Request = job.Request with { Variant = variant, Epoch = epoch } });
            if (!await RestoreEndAsync(job, variant, epoch, folder))
            {
                throw new InvalidOperationException($"{checkpoints}: has no whole checkpoint of the end of epoch {epoch + 1}, though it was just trained to there");
            }
        }

        var student = job.CreateStudent();
        using var frozen = no_grad();
        using var weights = SafetensorsFile.Open(Path.Combine(folder, CheckpointFolder.WeightsFile));
        foreach (var parameter in student.TrainableParameters)
        {
            using var value = weights.Read(parameter.Name, ScalarType.Float32, job.Device);
            parameter.Value.copy_(value);
        }

        return student;
    }

    private static async Task<bool> RestoreEndAsync(JobContext job, StudentVariant variant, int epoch, string folder) =>
        await new CheckpointStore(job.Store, job.Request.RunId, variant).RestoreNewestAsync(folder, Console.Error.WriteLine, epoch, job.Stop)
            is { EndOfEpoch: true } checkpoint && checkpoint.Epoch == epoch;

    private static XlstmConfig ConfigOf(JobContext job)
    {
        var (shape, spec) = (job.Plan.Student, job.Spec.Student);
        return new XlstmConfig
        {
            VocabularySize = shape.VocabularySize,
            ContextLength = job.Spec.Dataset.ContextLength,
            Blocks = shape.Blocks,
            Width = shape.Width,
            SlstmAt = shape.SlstmAt,
            MlstmHeads = shape.Heads,
            SlstmHeads = shape.Heads,
            MlstmConvKernel = shape.ConvKernel,
            SlstmConvKernel = shape.ConvKernel,
            QkvBlockSize = shape.QkvBlockSize,
            MlstmProjFactor = spec.ProjFactor,
            FeedForwardProjFactor = spec.FfnProjFactor,
        };
    }
}
