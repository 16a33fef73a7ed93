using Distil.Core.Api.Documents;
using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Leases;
using Distil.Core.Jobs;
using Distil.Core.Runs;

namespace Distil.Cli.Tests.Serving;

public sealed class RetryRunTests(SharedAzurite azurite)
{
    private static readonly JobFailure Failure = new(FailureClass.Transient, "the disk was full");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(RunState.Failed)]
    [InlineData(RunState.Cancelled)]
    public async Task A_run_that_failed_or_was_cancelled_starts_again_with_its_history(RunState state)
    {
        await using var api = await ServedApi.StartAsync(azurite);
        var run = await NewRunAsync(api, state);

        using var response = await api.Client.PostAsync($"/api/runs/{run}/retry", null, Cancel);

        Assert.Equal(run, (await ServedApi.ReadAsync<SubmittedRun>(response, 202)).RunId);
        var input = Assert.Single(api.Host.Restarted);
        Assert.Equal(run, input.RunId);
        Assert.Equal([new RunEnd(state, DateTimeOffset.UnixEpoch, Failure)], input.Earlier);
        Assert.Equal(RunState.Queued, (await api.GetAsync<RunDetails>($"/api/runs/{run}")).Status.State);
    }

    [Fact]
    public async Task A_run_that_no_process_drives_is_interrupted_and_goes_on()
    {
        await using var api = await ServedApi.StartAsync(azurite);
        var run = await NewRunAsync(api, RunState.Running);
        await (await Lease.TakeAsync(api.Store, ArtifactLayout.Driver(run), TimeProvider.System, Cancel)).DisposeAsync();
        Assert.Equal(RunState.Interrupted, (await api.GetAsync<RunDetails>($"/api/runs/{run}")).Status.State);

        using var response = await api.Client.PostAsync($"/api/runs/{run}/retry", null, Cancel);

        await ServedApi.ReadAsync<SubmittedRun>(response, 202);
        Assert.Empty(Assert.Single(api.Host.Restarted).Earlier);
    }

    [Theory]
    [InlineData(RunState.Running)]
    [InlineData(RunState.Succeeded)]
    public async Task A_run_that_is_at_work_or_has_succeeded_is_refused(RunState state)
    {
        await using var api = await ServedApi.StartAsync(azurite);
        var run = await NewRunAsync(api, state);
        await ServedApi.ProblemAsync(api.Client.PostAsync($"/api/runs/{run}/retry", null, Cancel), 409, run);
        Assert.Empty(api.Host.Restarted);
    }

    private static async Task<string> NewRunAsync(ServedApi api, RunState state)
    {
        var run = await api.NewRunAsync();
        await api.Runs.WriteStatusAsync(
            new RunStatus
            {
                RunId = run, State = state, LastFailure = Failure, StartedAt = DateTimeOffset.UnixEpoch, UpdatedAt = DateTimeOffset.UnixEpoch,
            }, Cancel);
        return run;
    }
}
