using Distil.Core.Artifacts;
using Distil.Core.Jobs;
using Distil.Core.Sources;
using Distil.Core.Specification;
using Distil.Trainer.Torch;
using Microsoft.Extensions.Logging;
using static TorchSharp.torch;

namespace Distil.Trainer.Jobs;

/// <summary>Everything that a job works with.</summary>
internal sealed record JobContext
{
    /// <value>The request.</value>
    public required JobRequest Request { get; init; }

    /// <value>The run's storage.</value>
    public required ArtifactStore Store { get; init; }

    /// <value>The cache of artifacts on this machine's disk.</value>
    public required ArtifactCache Cache { get; init; }

    /// <value>The teacher, cached between jobs.</value>
    public required WarmTeacher Teacher { get; init; }

    /// <value>Fetches remote files.</value>
    public required SourceCatalog Catalog { get; init; }

    /// <value>The teacher's local folder; without its weights in a prepare job.</value>
    public required string TeacherFolder { get; init; }

    /// <value>Reports the job's progress.</value>
    public required ProgressReporter Progress { get; init; }

    /// <value>An empty folder for this job, deleted when it ends.</value>
    public required string Folder { get; init; }

    /// <value>The device to use.</value>
    public required Device Device { get; init; }

    /// <value>What is in use of the device.</value>
    public required DeviceMeter Meter { get; init; }

    /// <value>The clock.</value>
    public required TimeProvider Time { get; init; }

    /// <value>Receives messages for people.</value>
    public required ILogger Log { get; init; }

    /// <value>Cancelled if the process or machine is taken away.</value>
    public required CancellationToken Stop { get; init; }

    /// <value>The run's specification.</value>
    public RunSpec Spec => Request.Spec;

    /// <value>Element type of the teacher: bfloat16 only if requested and on a GPU.</value>
    public ScalarType TeacherDtype =>
        Spec.Training.Precision == Precision.Bf16 && Device.type == TorchSharp.DeviceType.CUDA ? ScalarType.BFloat16 : ScalarType.Float32;

    /// <summary>Loads the teacher, or returns the one of an earlier job of this process.</summary>
    public Models.Transformers.TransformerModel LoadTeacher() => Teacher.Get(TeacherFolder, Device, TeacherDtype);
}
