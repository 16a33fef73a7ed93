using Distil.Core.Artifacts.Kinds;
using Distil.Core.Errors;
using Distil.Trainer.Ranks;
using Distil.Trainer.Torch;
using Microsoft.Extensions.Logging;

namespace Distil.Trainer.Jobs;

/// <summary>The jobs of a process other than the job's own: it computes its part, and sends it or takes part in the sums.</summary>
/// <param name="log">Receives messages for people.</param>
internal sealed class RankJobs(ILogger log) : IDisposable
{
    private readonly WarmTeacher _teacher = new();

    /// <summary>Does a work.</summary>
    /// <param name="content">The <see cref="RankWork"/>.</param>
    /// <param name="ranks">The group.</param>
    /// <param name="send">Takes output for the job's process.</param>
    internal void Do(byte[] content, IRankGroup ranks, Action<ReadOnlyMemory<byte>> send)
    {
        var work = RankWork.Read(content);
        var context = new ComputeContext
        {
            Request = work.Request,
            Teacher = _teacher,
            TeacherFolder = work.TeacherFolder,
            Device = TorchDevice.Of(work.Request.Spec.Compute.Device),
            Log = log,
            Stop = CancellationToken.None,
            Ranks = ranks,
        };
        switch (work.Request.Makes)
        {
            case Core.Artifacts.Kinds.TeacherOutputs:
                TeachJob.Follow(context, work.Rows!, send);
                break;
            case Weights weights:
                using (var training = new EpochTraining(context, weights, work.Training!))
                {
                    training.Follow();
                }

                break;
            case Core.Artifacts.Kinds.Evaluation evaluation:
                new StudentEvaluation(evaluation, context).Run(work.Evaluation!);
                break;
            case var other:
                throw new InvalidInputException($"{other.Closing}: one process makes this kind of artifact");
        }
    }

    /// <inheritdoc />
    public void Dispose() => _teacher.Dispose();
}
