using System.Net;
using System.Net.Http.Headers;
using Distil.Core.Api.Documents;
using Distil.Core.Artifacts;
using Distil.Core.Jobs;
using Distil.Core.Pipeline;
using Distil.Core.Runs;

namespace Distil.Cli.Tests.Serving;

public sealed class ReadRunTests(SharedAzurite azurite)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_new_run_is_queued_until_its_host_says_more()
    {
        await using var api = await ServedApi.StartAsync(azurite);
        var run = await api.NewRunAsync();
        Assert.Equal(RunState.Queued, (await api.GetAsync<RunDetails>($"/api/runs/{run}")).Status.State);

        await api.Runs.WriteStatusAsync(Status(run, RunState.Running, "train-001"), Cancel);
        await api.Store.WriteJsonAsync(ArtifactLayout.JobProgress(run, "train-001"), Progress(5), Cancel);
        var details = await api.GetAsync<RunDetails>($"/api/runs/{run}");
        Assert.Equal(RunState.Running, details.Status.State);
        Assert.Equal(5, details.Progress["train-001"].Done);
        Assert.Equal($"/api/runs/{run}/report", details.Links.Report);
    }

    [Fact]
    public async Task A_job_that_is_tried_again_shows_how_far_its_latest_try_is()
    {
        await using var api = await ServedApi.StartAsync(azurite);
        var run = await api.NewRunAsync();
        await api.Runs.WriteStatusAsync(Status(run, RunState.Running, "train-001", "train-002"), Cancel);
        foreach (var id in new[] { "train-001", "train-002" })
        {
            await api.Store.WriteJsonAsync(ArtifactLayout.JobRequest(run, id), new { }, Cancel);
            await api.Store.WriteJsonAsync(ArtifactLayout.JobProgress(run, id), Progress(9), Cancel);
            await api.Store.WriteJsonAsync(ArtifactLayout.JobRequest(run, JobId.Try(id, 2)), new { }, Cancel);
        }

        await api.Store.WriteJsonAsync(ArtifactLayout.JobProgress(run, JobId.Try("train-001", 2)), Progress(3), Cancel);

        var progress = (await api.GetAsync<RunDetails>($"/api/runs/{run}")).Progress;

        var (job, latest) = Assert.Single(progress); // the other's second try has not reported yet
        Assert.Equal(("train-001", 3), (job, latest.Done));
    }

    [Fact]
    public async Task One_who_knows_the_status_is_told_so_until_it_changes()
    {
        await using var api = await ServedApi.StartAsync(azurite);
        var run = await api.NewRunAsync();
        await api.Runs.WriteStatusAsync(Status(run, RunState.Running, "train-001"), Cancel);

        using var first = await api.Client.GetAsync($"/api/runs/{run}", Cancel);
        using var second = await AskAsync(first.Headers.ETag!);
        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
        Assert.Equal(first.Headers.ETag, second.Headers.ETag);
        Assert.Empty(await second.Content.ReadAsByteArrayAsync(Cancel));

        await api.Store.WriteJsonAsync(ArtifactLayout.JobProgress(run, "train-001"), Progress(6), Cancel);
        using var third = await AskAsync(first.Headers.ETag!);
        Assert.Equal(HttpStatusCode.OK, third.StatusCode);
        Assert.NotEqual(first.Headers.ETag, third.Headers.ETag);

        Task<HttpResponseMessage> AskAsync(EntityTagHeaderValue known)
        {
            var request = new HttpRequestMessage(HttpMethod.Get, $"/api/runs/{run}");
            request.Headers.IfNoneMatch.Add(new EntityTagHeaderValue("\"another\""));
            request.Headers.IfNoneMatch.Add(known);
            return api.Client.SendAsync(request, Cancel);
        }
    }

    [Theory]
    [InlineData("2026-01-01-000000-nothing-000000")]
    [InlineData("x%2F..%2F..%2Fsecret")]
    [InlineData("..%2e")]
    [InlineData("A")]
    [InlineData("a%20b")]
    public async Task What_is_no_run_is_not_found(string run)
    {
        await using var api = await ServedApi.StartAsync(azurite);
        foreach (var part in (string[])["", "/spec", "/plan", "/metrics", "/epochs", "/report", "/artifacts", "/artifacts/spec.json"])
        {
            await ServedApi.ProblemAsync(api.Client.GetAsync($"/api/runs/{run}{part}", Cancel), 404);
        }

        await ServedApi.ProblemAsync(api.Client.PostAsync($"/api/runs/{run}/cancel", null, Cancel), 404);
    }

    [Fact]
    public async Task Pages_hold_every_run_once_also_when_runs_come_meanwhile()
    {
        await using var api = await ServedApi.StartAsync(azurite);
        var runs = Enumerable.Range(1, 7).Select(i => $"2026-11-25-00000{i}-run-00000{i}").ToList();
        foreach (var run in runs)
        {
            await api.Runs.WriteStatusAsync(Status(run, RunState.Succeeded), Cancel);
        }

        List<string> seen = [];
        string? token = null;
        do
        {
            var page = await api.GetAsync<RunPage>($"/api/runs?limit=3{(token is null ? "" : $"&continuationToken={token}")}");
            Assert.InRange(page.Runs.Count, 1, 3);
            seen.AddRange(page.Runs.Select(run => run.RunId));
            token = page.ContinuationToken;
            await api.Runs.WriteStatusAsync(Status($"2026-11-25-10000{seen.Count}-new-000000", RunState.Running), Cancel);
        }
        while (token is not null);

        Assert.Equal(Enumerable.Reverse(runs), seen);
    }

    [Theory]
    [InlineData("limit=0")]
    [InlineData("limit=201")]
    [InlineData("limit=many")]
    [InlineData("limit=-1")]
    [InlineData("continuationToken=")]
    [InlineData("continuationToken=%3F%3F")]
    [InlineData("continuationToken=a+b")]
    public async Task A_page_that_cannot_be_is_refused(string query)
    {
        await using var api = await ServedApi.StartAsync(azurite);
        await ServedApi.ProblemAsync(api.Client.GetAsync($"/api/runs?{query}", Cancel), 400, query.Split('=')[0]);
    }

    [Fact]
    public async Task Cancelling_reaches_the_host()
    {
        await using var api = await ServedApi.StartAsync(azurite);
        var run = await api.NewRunAsync();
        using (var response = await api.Client.PostAsync($"/api/runs/{run}/cancel", null, Cancel))
        {
            Assert.Equal(run, (await ServedApi.ReadAsync<SubmittedRun>(response, 202)).RunId);
        }

        Assert.Equal((run, DistillPipeline.CancelSignal), Assert.Single(api.Host.Signals));
    }

    [Fact]
    public async Task What_has_ended_cannot_be_cancelled()
    {
        await using var api = await ServedApi.StartAsync(azurite);
        var run = await api.NewRunAsync();
        await api.Runs.WriteStatusAsync(Status(run, RunState.Failed), Cancel);
        await ServedApi.ProblemAsync(api.Client.PostAsync($"/api/runs/{run}/cancel", null, Cancel), 409, "failed");
        Assert.Empty(api.Host.Signals);
    }

    [Fact]
    public async Task There_is_no_report_before_the_end()
    {
        await using var api = await ServedApi.StartAsync(azurite);
        var run = await api.NewRunAsync();
        await ServedApi.ProblemAsync(api.Client.GetAsync($"/api/runs/{run}/report", Cancel), 404, "queued");
    }

    private static RunStatus Status(string run, RunState state, params string[] jobs) =>
        new() { RunId = run, State = state, Jobs = jobs, StartedAt = DateTimeOffset.UnixEpoch, UpdatedAt = DateTimeOffset.UnixEpoch };

    private static JobProgress Progress(long done) => new() { Stage = "train", Done = done, Total = 9, Unit = "steps", At = DateTimeOffset.UnixEpoch };
}
