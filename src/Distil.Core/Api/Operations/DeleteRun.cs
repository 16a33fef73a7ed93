using Distil.Core.Api.Documents;
using Distil.Core.Artifacts;
using Distil.Core.Errors;
using Distil.Core.Runs;
using Distil.Core.Runs.Garbage;

namespace Distil.Core.Api.Operations;

/// <summary>Deletes a run that has ended, and the artifacts that only it refers to.</summary>
internal sealed class DeleteRun(ArtifactStore store)
{
    private readonly RunFolder _runs = new(store);
    private readonly RunDeletion _deletion = new(store, TimeProvider.System);

    public async Task<DeletedRun> RunAsync(IRunHost host, string runId, CancellationToken cancel)
    {
        _ = await _runs.FindStatusAsync(runId, cancel) ?? throw ReadRun.NoSuchRun(runId);
        try
        {
            // From here on the run is deleted, whether or not its client still listens.
            var deleted = await _deletion.DeleteAsync(await _deletion.FindAsync([runId], cancel), CancellationToken.None);
            await host.ForgetAsync(runId, CancellationToken.None);
            return new DeletedRun(runId, deleted.Sum(item => item.Bytes));
        }
        catch (InvalidInputException atWork)
        {
            throw new ApiProblemException(409, atWork.Message);
        }
    }
}
