using System.Formats.Tar;
using System.Text;
using System.Text.Json.Nodes;
using Distil.Core.Api.Documents;
using Distil.Core.Artifacts;
using Distil.Core.Documents;
using Distil.Core.Jobs;
using Distil.Core.Runs;
using Distil.Core.Specification;

namespace Distil.Cli.Tests.Serving;

/// <summary>What a user does with runs beside starting them: finds them, plans one, reads what happened, deletes one.</summary>
public sealed class ManageRunsTests(SharedAzurite azurite)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_list_has_only_the_runs_of_a_name_and_a_state_on_as_many_pages_as_it_takes()
    {
        await using var api = await ServedApi.StartAsync(azurite);
        var failed = new List<string>();
        for (var i = 0; i < 3; i++)
        {
            failed.Insert(0, await NewRunAsync(api, $"tale-{i}", RunState.Failed));
            await NewRunAsync(api, $"tale-{i}", RunState.Cancelled);
            await NewRunAsync(api, $"other-{i}", RunState.Failed);
        }

        var found = new List<string>();
        for (string? token = ""; token is not null;)
        {
            var page = await api.GetAsync<RunPage>($"/api/runs?name=TALE&state=failed&limit=2{(token.Length > 0 ? $"&continuationToken={token}" : "")}");
            Assert.InRange(page.Runs.Count, 0, 2);
            found.AddRange(page.Runs.Select(run => run.RunId));
            token = page.ContinuationToken;
        }

        Assert.Equal(failed.Order(), found.Order());
        await ServedApi.ProblemAsync(api.Client.GetAsync("/api/runs?state=lost", Cancel), 400, "state", "lost", "interrupted");
        await ServedApi.ProblemAsync(api.Client.GetAsync("/api/runs?state=3", Cancel), 400, "state");
    }

    [Fact]
    public async Task A_run_that_has_succeeded_is_listed_with_its_result()
    {
        await using var api = await ServedApi.StartAsync(azurite);
        var run = await NewRunAsync(api, "good", RunState.Succeeded);
        Assert.Equal(new FinalPerplexity(4.5, 4, 5.5), Assert.Single((await api.GetAsync<RunPage>("/api/runs")).Runs, each => each.RunId == run).Perplexity);
    }

    [Fact]
    public async Task A_plan_says_what_a_run_would_take_and_starts_none()
    {
        await using var api = await ServedApi.StartAsync(azurite);
        using var response = await api.Client.PostAsync("/api/plan", Json(ServedApi.Spec()), Cancel);
        Assert.True((await ServedApi.ReadAsync<RunPlan>(response, 200)).TrainableParameters.Value > 0);

        await ServedApi.ProblemAsync(api.Client.PostAsync("/api/plan", Json(new JsonObject { ["name"] = "x" }), Cancel), 400);
        Assert.Empty((await api.GetAsync<RunPage>("/api/runs")).Runs);
        Assert.Empty(api.Host.Scheduled);
    }

    [Fact]
    public async Task A_run_that_has_ended_is_deleted_with_all_that_its_host_keeps_and_one_at_work_is_not()
    {
        await using var api = await ServedApi.StartAsync(azurite);
        var (kept, ended) = (await NewRunAsync(api, "at-work", RunState.Running), await NewRunAsync(api, "ended", RunState.Failed));

        using var response = await api.Client.DeleteAsync($"/api/runs/{ended}", Cancel);
        Assert.True((await ServedApi.ReadAsync<DeletedRun>(response, 200)).Bytes > 0);
        Assert.Equal([ended], api.Host.Forgotten);
        await ServedApi.ProblemAsync(api.Client.DeleteAsync($"/api/runs/{ended}", Cancel), 404, ended);
        await ServedApi.ProblemAsync(api.Client.DeleteAsync($"/api/runs/{kept}", Cancel), 409, kept, "expected a run that has ended");
        Assert.Equal([kept], (await api.GetAsync<RunPage>("/api/runs")).Runs.Select(run => run.RunId));
    }

    [Fact]
    public async Task The_log_has_the_tries_of_a_job_with_their_failures()
    {
        await using var api = await ServedApi.StartAsync(azurite);
        var run = await NewRunAsync(api, "logged", RunState.Failed);
        var failure = new JobFailure(FailureClass.OutOfMemory, "no memory", "at A");
        await api.Store.WriteJsonAsync(
            ArtifactLayout.JobResult(run, "train-001"), new JobResult { Failure = failure, StartedAt = DateTimeOffset.UnixEpoch, EndedAt = DateTimeOffset.UnixEpoch }, Cancel);

        var events = (await api.GetAsync<RunHistory>($"/api/runs/{run}/log")).Events;
        Assert.Contains(events, each => each is { Job: "train-001", Detail: "at A" } && each.Text.Contains("no memory", StringComparison.Ordinal));
        Assert.Contains(events, each => each.Job is null && each.Text.Contains("failed", StringComparison.Ordinal));
        Assert.Empty((await api.GetAsync<RunHistory>($"/api/runs/{run}/log?job=teach-001")).Events);
        await ServedApi.ProblemAsync(api.Client.GetAsync("/api/runs/nothing/log", Cancel), 404, "nothing");
    }

    [Fact]
    public async Task A_model_is_downloaded_as_one_archive()
    {
        await using var api = await ServedApi.StartAsync(azurite);
        var run = await NewRunAsync(api, "made", RunState.Succeeded);
        await ServedApi.ProblemAsync(api.Client.GetAsync($"/api/runs/{run}/model", Cancel), 404, run, "no model");
        foreach (var file in (string[])["config.json", "model.safetensors"])
        {
            await api.Store.WriteTextAsync(ArtifactLayout.ModelFile(run, StudentVariant.Distilled, file), $"content of {file}", cancel: Cancel);
        }

        await ServedApi.ProblemAsync(api.Client.GetAsync($"/api/runs/{run}/model", Cancel), 404, run, "no model"); // files may be missing
        await api.Store.WriteTextAsync(ArtifactLayout.ReportData(run), "{}", cancel: Cancel);
        await using var archive = new TarReader(new MemoryStream(await api.Client.GetByteArrayAsync($"/api/runs/{run}/model", Cancel)));
        foreach (var file in (string[])["config.json", "model.safetensors"])
        {
            var entry = (await archive.GetNextEntryAsync(copyData: true, Cancel))!;
            Assert.Equal($"{run}/{file}", entry.Name);
            using var reader = new StreamReader(entry.DataStream!);
            Assert.Equal($"content of {file}", await reader.ReadToEndAsync(Cancel));
        }

        Assert.Null(await archive.GetNextEntryAsync(cancellationToken: Cancel));
    }

    private static StringContent Json(JsonNode spec) => new(spec.ToJsonString(), Encoding.UTF8, "application/json");

    private static async Task<string> NewRunAsync(ServedApi api, string name, RunState state)
    {
        var run = await api.NewRunAsync(name);
        await api.Runs.WriteStatusAsync(
            new RunStatus
            {
                RunId = run, State = state, StartedAt = DateTimeOffset.UnixEpoch, UpdatedAt = DateTimeOffset.UnixEpoch,
                Perplexity = state == RunState.Succeeded ? new FinalPerplexity(4.5, 4, 5.5) : null,
            }, Cancel);
        return run;
    }
}
