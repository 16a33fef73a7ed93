using Distil.Core.Artifacts;
using Distil.Core.Jobs;
using Distil.Core.Sources;
using Distil.Core.Specification;
using static TorchSharp.torch;

namespace Distil.Trainer.Jobs;

/// <summary>All that a job has to work with.</summary>
internal sealed record JobContext
{
    /// <value>What is asked for.</value>
    public required JobRequest Request { get; init; }

    /// <value>The run's storage.</value>
    public required ArtifactStore Store { get; init; }

    /// <value>Artifacts on this machine's disk.</value>
    public required ArtifactCache Cache { get; init; }

    /// <value>The teacher, kept from job to job.</value>
    public required WarmTeacher Teacher { get; init; }

    /// <value>Fetches what is elsewhere.</value>
    public required SourceCatalog Catalog { get; init; }

    /// <value>The teacher's folder on this machine; without its weights in a prepare job.</value>
    public required string TeacherFolder { get; init; }

    /// <value>Where the job reports how far it is.</value>
    public required ProgressReporter Progress { get; init; }

    /// <value>An empty folder of the job's own, deleted when it ends.</value>
    public required string Folder { get; init; }

    /// <value>The processor to use.</value>
    public required Device Device { get; init; }

    /// <value>The clock.</value>
    public required TimeProvider Time { get; init; }

    /// <value>Set when the process or machine is taken away.</value>
    public required CancellationToken Stop { get; init; }

    /// <value>The run's specification.</value>
    public RunSpec Spec => Request.Spec;

    /// <value>Element type of the teacher: bfloat16 only if asked for and on a GPU.</value>
    public ScalarType TeacherDtype =>
        Spec.Training.Precision == Precision.Bf16 && Device.type == TorchSharp.DeviceType.CUDA ? ScalarType.BFloat16 : ScalarType.Float32;

    /// <summary>Loads the teacher, or takes it from an earlier job of this process.</summary>
    public Models.Transformers.TransformerModel LoadTeacher() => Teacher.Get(TeacherFolder, Device, TeacherDtype);
}
