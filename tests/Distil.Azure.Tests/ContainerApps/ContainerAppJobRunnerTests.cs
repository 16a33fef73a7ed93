using Distil.Azure.ResourceManager;
using Distil.Azure.Tests.ResourceManager;
using Distil.Core.Jobs;
using static Distil.Azure.Tests.ContainerApps.LocalJobs;

namespace Distil.Azure.Tests.ContainerApps;

/// <summary>The reported state of a started execution, and how it is stopped.</summary>
public sealed class ContainerAppJobRunnerTests : IAsyncLifetime
{
    private LocalJobs _jobs = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _jobs = await LocalJobs.StartAsync();

    public ValueTask DisposeAsync() => _jobs.DisposeAsync();

    [Theory]
    [InlineData("Running", JobState.Running)]
    [InlineData("Processing", JobState.Running)]
    [InlineData("Unknown", JobState.Running)]
    [InlineData("Degraded", JobState.Running)]
    [InlineData("Succeeded", JobState.Ended)]
    [InlineData("Failed", JobState.Ended)]
    [InlineData("Stopped", JobState.Ended)]
    public async Task Says_whether_an_execution_has_ended(string status, JobState expected)
    {
        _jobs.Server.On($"GET {Execution}", Answer.Execution(status));

        Assert.Equal(expected, await _jobs.Runner().PollAsync(Execution, Cancel));
    }

    [Fact]
    public async Task Stopping_returns_when_the_execution_is_gone()
    {
        _jobs.Server.On($"GET {Execution}", Answer.Execution("Running"), Answer.Execution("Running"), Answer.Execution("Running"), Answer.Execution("Stopped"));
        _jobs.Server.On($"POST {Execution}/stop", new Answer(202));

        await _jobs.Runner().StopAsync(Execution, Cancel);

        Assert.Equal(1, _jobs.Server.Count($"POST {Execution}/stop"));
        Assert.Equal(4, _jobs.Server.Count($"GET {Execution}"));
    }

    [Fact]
    public async Task An_execution_that_does_not_stop_is_an_error()
    {
        _jobs.Server.On($"GET {Execution}", Answer.Execution("Running"));
        _jobs.Server.On($"POST {Execution}/stop", new Answer(200));

        var error = await Assert.ThrowsAsync<ResourceManagerException>(() => _jobs.Runner().StopAsync(Execution, Cancel));

        Assert.Equal($"{Execution} is still running 00:10:00 after it was told to stop", error.Message);
    }

    [Theory]
    [InlineData("Succeeded")]
    [InlineData(null)]
    public async Task What_has_ended_is_not_stopped(string? status)
    {
        if (status is not null)
        {
            _jobs.Server.On($"GET {Execution}", Answer.Execution(status));
        }

        await _jobs.Runner().StopAsync(Execution, Cancel);

        Assert.Equal(0, _jobs.Server.Count($"POST {Execution}/stop"));
    }
}
