using Distil.Azure.ContainerApps;
using Distil.Azure.Tests.ResourceManager;
using Distil.Core.Artifacts;
using Distil.Core.Jobs;
using Distil.Core.Pipeline.Activities;
using Distil.Core.Tests.Artifacts;

namespace Distil.Azure.Tests.ContainerApps;

/// <summary>The pipeline's own poll over the platform's words: the result is what counts.</summary>
public sealed class ResultOutranksPlatformTests : IAsyncLifetime
{
    private const string Execution = "/subscriptions/s/resourceGroups/g/providers/Microsoft.App/jobs/caj-gpu/executions/caj-gpu-abc";

    private readonly ArtifactStore _store = new InMemoryBlobService().OpenStore();
    private LocalResourceManager _server = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _server = await LocalResourceManager.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData("Running")] // stuck: the container has ended, the platform has not noticed
    [InlineData("Failed")] // for instance its exit was slower than the time-out
    [InlineData("Succeeded")]
    public async Task A_result_is_the_end_whatever_the_platform_says(string status)
    {
        _server.On($"GET {Execution}", Answer.Execution(status));
        var result = new JobResult { StartedAt = DateTimeOffset.UnixEpoch, EndedAt = DateTimeOffset.UnixEpoch };
        await _store.WriteJsonAsync(ArtifactLayout.JobResult("r", "train-001"), result, Cancel);

        var answer = await PollAsync();

        Assert.Equal(JobState.Ended, answer.State);
        Assert.True(answer.Result!.Succeeded);
    }

    [Theory]
    [InlineData("Failed")]
    [InlineData("Succeeded")]
    [InlineData("Stopped")]
    public async Task An_end_without_a_result_is_no_success(string status)
    {
        _server.On($"GET {Execution}", Answer.Execution(status));

        Assert.Equal(new JobAnswer(JobState.Ended), await PollAsync());
    }

    [Fact]
    public async Task Running_without_a_result_goes_on()
    {
        _server.On($"GET {Execution}", Answer.Execution("Running"));

        Assert.Equal(new JobAnswer(JobState.Running), await PollAsync());
    }

    private Task<JobAnswer> PollAsync()
    {
        var time = new ImpatientTime();
        var client = _server.Client(new StaticCredential(), time);
        var runner = new ContainerAppJobRunner(client, new ContainerAppJobOptions { GpuJob = "unused" }, time);
        return new PollJob(_store, runner).RunAsync(new JobHandle("r", "train-001", Execution), Cancel);
    }
}
