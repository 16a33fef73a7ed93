using System.Diagnostics;
using Distil.Cli.Tests.Engine;
using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Jobs;
using Distil.Core.Pipeline;
using Distil.Core.Pipeline.Activities;
using Distil.Core.Runs;
using Distil.Core.Sources;
using Distil.Core.Telemetry;

namespace Distil.Core.Tests.Pipeline.Activities;

public sealed class StartJobTests : ScriptedRuns
{
    [Fact]
    public async Task A_prepare_job_gets_the_source_of_its_shard_and_another_job_gets_none()
    {
        await CreateAsync(Plans.Of("run", 2));
        Assert.Equal(1, (await StartAsync(new Dataset("data", Shards: 2), part: 1)).Source!.Index);
        Assert.Null((await StartAsync(Plans.Artifacts("run", 2).TeacherOutputs, part: 1)).Source);
    }

    [Fact]
    public async Task The_teacher_is_where_the_plan_found_it_and_in_an_older_plan_where_the_specification_says()
    {
        await CreateAsync(Plans.Of("run", 1));
        Assert.Equal("/t", (await DefinedAsync(await StartAsync(new Dataset("data", Shards: 1)))).TeacherLocation.Folder);
        await CreateAsync(Plans.Of("other", 1) with { TeacherLocation = new ModelLocation { Folder = "hf://t@1" } });
        Assert.Equal("hf://t@1", (await DefinedAsync(await StartAsync(new Dataset("data", Shards: 1), run: "other"))).TeacherLocation.Folder);
    }

    [Fact]
    public async Task Requests_name_what_all_jobs_read_which_is_stored_once()
    {
        await CreateAsync(Plans.Of("run", 2));
        var (first, second) = (await StartAsync(new Dataset("data", Shards: 2)), await StartAsync(new Dataset("data", Shards: 2), part: 1));
        Assert.Equal(first.Definition, second.Definition);
        var definition = Assert.Single(Service.Blobs.Keys, blob => blob.Contains("/definitions/", StringComparison.Ordinal));
        Assert.Equal(ArtifactLayout.JobDefinition("run", first.Definition), definition);
        Assert.Equal(1, Service.Writes[definition]);
        Assert.Equal(Spec().Name, (await DefinedAsync(second)).Spec.Name);
        Assert.InRange(Service.Blobs[ArtifactLayout.JobRequest("run", first.JobId)].Length, 1, 1500); // whatever the specification contains
    }

    [Fact]
    public async Task A_definition_that_was_changed_is_refused_by_its_address()
    {
        await CreateAsync(Plans.Of("run", 1));
        var request = await StartAsync(new Dataset("data", Shards: 1));
        var blob = ArtifactLayout.JobDefinition("run", request.Definition);
        Service.Blobs[blob] = [.. Service.Blobs[blob], (byte)' '];
        var error = await Assert.ThrowsAsync<ArtifactException>(() => DefinedAsync(request));
        Assert.StartsWith($"{blob}: this blob has SHA-256", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_says_when_it_was_made_and_in_which_trace()
    {
        await CreateAsync(Plans.Of("run", 1));
        var request = await StartAsync(new Dataset("data", Shards: 1));
        Assert.Equal(DateTimeOffset.UnixEpoch, request.RequestedAt);
        var trace = await RunTrace.GetOrCreateAsync(Store, "run", Cancel);
        Assert.True(ActivityContext.TryParse(request.TraceParent, null, out var parent));
        Assert.Equal(trace.TraceId, parent.TraceId);
    }

    [Fact]
    public async Task The_platform_is_told_whether_the_request_can_have_been_started_before()
    {
        await CreateAsync(Plans.Of("run", 1));
        await StartAsync(new Dataset("data", Shards: 1));
        await StartAsync(new Dataset("data", Shards: 1));
        Assert.Equal([true, false], Jobs.First);
    }

    private Task<JobDefinition> DefinedAsync(JobRequest request) => JobDefinition.ReadAsync(Store, request, Cancel);

    private Task CreateAsync(RunPlan plan) => new RunFolder(Store).CreateAsync(Spec(), plan, Cancel);

    private async Task<JobRequest> StartAsync(Artifact makes, int part = 0, string run = "run")
    {
        var jobId = makes.PartAt(part).JobId;
        var context = new InProcessContext(new ActivityCatalog(Store, Jobs, new ManualTime()), run);
        var spec = new JobSpec { RunId = run, JobId = jobId, Makes = makes, Part = part };
        var started = await context.CallActivityAsync(StartJob.Name, new StartInput(spec, jobId));
        Assert.Equal(new StartOutput(StartState.Started, new JobHandle(run, jobId, ArtifactLayout.JobRequest(run, jobId))), started);
        return await Store.ReadJsonAsync<JobRequest>(ArtifactLayout.JobRequest(run, jobId), Cancel);
    }
}
