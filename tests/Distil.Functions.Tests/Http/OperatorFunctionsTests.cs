using System.Net;
using Distil.Core.Jobs;
using Distil.Core.Runs;
using Distil.Functions.Http;
using Distil.Functions.Tests.Pipelines;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;

namespace Distil.Functions.Tests.Http;

/// <summary>The operators' operations on runs, over HTTP, on Durable Task's own engine; <c>RealHostTests</c> covers keys and routes.</summary>
public sealed class OperatorFunctionsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_run_is_suspended_and_resumed_and_comes_to_its_end()
    {
        await using var durable = await DurableHost.StartAsync();
        await using var app = await StartAsync(durable);
        using var client = ClientOf(app);
        durable.Jobs.States["prepare-00000"] = new Queue<JobState>(Enumerable.Repeat(JobState.Running, 20));
        await durable.ScheduleAsync("run", shards: 1);
        await DurableHost.UntilAsync(() => Task.FromResult(durable.Jobs.Started.Contains("prepare-00000")));

        await ExpectAsync(HttpStatusCode.Accepted, client, "run/suspend");
        await DurableHost.UntilAsync(async () => await StatusAsync(durable) == OrchestrationRuntimeStatus.Suspended);
        await DurableHost.UntilAsync(async () => (await durable.Client.GetInstanceAsync("run:prepare-00000", Cancel))!.IsCompleted);
        Assert.Equal(["prepare-00000"], durable.Jobs.Started);

        await ExpectAsync(HttpStatusCode.Accepted, client, "run/resume");
        Assert.Equal(RunState.Succeeded, (await durable.EndAsync("run")).State);
        await ExpectAsync(HttpStatusCode.Conflict, client, "run/suspend", "run has ended (Completed)");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_run_that_does_not_answer_is_terminated_also_while_it_is_suspended(bool suspended)
    {
        await using var durable = await DurableHost.StartAsync();
        await using var app = await StartAsync(durable);
        using var client = ClientOf(app);
        durable.Jobs.States["train-001"] = new Queue<JobState>(Enumerable.Repeat(JobState.Running, 100_000));
        await durable.ScheduleAsync("run");
        await DurableHost.UntilAsync(() => Task.FromResult(durable.Jobs.Started.Contains("train-001")));
        if (suspended)
        {
            await ExpectAsync(HttpStatusCode.Accepted, client, "run/suspend");
        }

        await ExpectAsync(HttpStatusCode.Accepted, client, "run/terminate");

        Assert.Equal(OrchestrationRuntimeStatus.Terminated, await StatusAsync(durable));
        await DurableHost.UntilAsync(
            async () => (await durable.Client.GetInstanceAsync("run:train-001", Cancel))!.RuntimeStatus == OrchestrationRuntimeStatus.Terminated);
        var status = (await durable.Runs.TryReadStatusAsync("run", Cancel))!;
        Assert.Equal((RunState.Cancelled, 0), (status.State, status.Jobs.Count));
        await ExpectAsync(HttpStatusCode.Conflict, client, "run/terminate", "run has ended (Terminated)");
        await ExpectAsync(HttpStatusCode.Conflict, client, "run/resume", "run has ended (Terminated)");
    }

    [Fact]
    public async Task A_run_that_was_never_scheduled_is_not_found()
    {
        await using var durable = await DurableHost.StartAsync();
        await using var app = await StartAsync(durable);
        using var client = ClientOf(app);
        foreach (var operation in new[] { "suspend", "resume", "terminate" })
        {
            await ExpectAsync(HttpStatusCode.NotFound, client, $"nothing/{operation}", "nothing is not an orchestration of this app");
        }
    }

    private static async Task<WebApplication> StartAsync(DurableHost durable)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var functions = new OperatorFunctions(durable.Runs, TimeProvider.System);
        app.MapPost("/api/runs/{runId}/suspend", (HttpRequest request, string runId, CancellationToken cancel) => functions.SuspendAsync(
            request, durable.Client, runId, cancel));
        app.MapPost("/api/runs/{runId}/resume", (HttpRequest request, string runId, CancellationToken cancel) => functions.ResumeAsync(
            request, durable.Client, runId, cancel));
        app.MapPost("/api/runs/{runId}/terminate", (HttpRequest request, string runId, CancellationToken cancel) => functions.TerminateAsync(
            request, durable.Client, runId, cancel));
        await app.StartAsync(Cancel);
        return app;
    }

    private static HttpClient ClientOf(WebApplication app) =>
        new() { BaseAddress = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()) };

    private static async Task ExpectAsync(HttpStatusCode status, HttpClient client, string path, string words = "")
    {
        using var answer = await client.PostAsync($"/api/runs/{path}", null, Cancel);
        var text = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.True(answer.StatusCode == status, $"{path}: {answer.StatusCode} {text}");
        Assert.Contains(words, text, StringComparison.Ordinal);
    }

    private static async Task<OrchestrationRuntimeStatus> StatusAsync(DurableHost durable) =>
        (await durable.Client.GetInstanceAsync("run", Cancel))!.RuntimeStatus;
}
