using System.Collections.Concurrent;
using Distil.Core.Api;
using Distil.Core.Pipeline;

namespace Distil.Cli.Tests.Serving;

/// <summary>A host that starts nothing and records its calls.</summary>
internal sealed class RecordingRunHost : IRunHost
{
    public ConcurrentQueue<PipelineInput> Scheduled { get; } = new();

    public ConcurrentQueue<(string RunId, string Signal)> Signals { get; } = new();

    public Task ScheduleAsync(PipelineInput input, CancellationToken cancel)
    {
        Scheduled.Enqueue(input);
        return Task.CompletedTask;
    }

    public ConcurrentQueue<PipelineInput> Restarted { get; } = new();

    public Task RestartAsync(PipelineInput input, CancellationToken cancel)
    {
        Restarted.Enqueue(input);
        return Task.CompletedTask;
    }

    public ConcurrentQueue<string> Forgotten { get; } = new();

    public Task ForgetAsync(string runId, CancellationToken cancel)
    {
        Forgotten.Enqueue(runId);
        return Task.CompletedTask;
    }

    public Task SignalAsync(string runId, string signal, string value, CancellationToken cancel)
    {
        Signals.Enqueue((runId, signal));
        return Task.CompletedTask;
    }
}
