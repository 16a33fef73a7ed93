using Distil.Core.Jobs;
using Distil.Core.Specification;
using Distil.Trainer.Ranks;
using Microsoft.Extensions.Logging;
using static TorchSharp.torch;

namespace Distil.Trainer.Jobs;

/// <summary>What the computation of a job works with, in each of its processes.</summary>
internal record ComputeContext
{
    /// <value>The request.</value>
    public required JobRequest Request { get; init; }

    /// <value>The teacher, cached between jobs.</value>
    public required WarmTeacher Teacher { get; init; }

    /// <value>The teacher's local folder; without its weights in a prepare job.</value>
    public required string TeacherFolder { get; init; }

    /// <value>The device to use.</value>
    public required Device Device { get; init; }

    /// <value>Receives messages for people.</value>
    public required ILogger Log { get; init; }

    /// <value>Cancelled if the process or machine is taken away.</value>
    public required CancellationToken Stop { get; init; }

    /// <value>The processes that compute the job together.</value>
    public IRankGroup Ranks { get; init; } = SingleRank.Instance;

    /// <value>The run's specification.</value>
    public RunSpec Spec => Request.Spec;

    /// <value>Element type of the teacher: bfloat16 only if requested and on a GPU.</value>
    public ScalarType TeacherDtype =>
        Spec.Training.Precision == Precision.Bf16 && Device.type == TorchSharp.DeviceType.CUDA ? ScalarType.BFloat16 : ScalarType.Float32;

    /// <summary>Loads the teacher, or returns the one of an earlier job of this process.</summary>
    public Models.Transformers.TransformerModel LoadTeacher() => Teacher.Get(TeacherFolder, Device, TeacherDtype);
}
