using Distil.Core.Http;

namespace Distil.Trainer.Jobs;

/// <summary>Reports the transfer of files as the job's progress.</summary>
internal sealed class Transfers(ProgressReporter to) : IProgress<TransferProgress>
{
    /// <inheritdoc />
    public void Report(TransferProgress value) => to.Report($"fetch {value.Name}", value.Done, value.Total, "bytes");
}
