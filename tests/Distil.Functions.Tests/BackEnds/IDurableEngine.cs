using Distil.Functions.Tests.RealHost;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Testing;

namespace Distil.Functions.Tests.BackEnds;

/// <summary>Runs orchestrations and activities.</summary>
internal interface IDurableEngine : IAsyncDisposable
{
    DurableTaskClient Client { get; }

    /// <summary>Replaces the engine by a new one that knows only what is stored.</summary>
    Task RestartAsync();

    /// <summary>Starts one.</summary>
    /// <param name="tasks">The orchestrations and activities.</param>
    /// <param name="hub">Where histories and messages are stored; null for this process's memory.</param>
    static async Task<IDurableEngine> StartAsync(DurableTasks tasks, StorageHub? hub) =>
        hub is null ? await MemoryEngine.StartAsync(tasks) : await StorageEngine.StartAsync(tasks, hub);
}

/// <summary>The SDK's test host: all in memory, with the worker behind gRPC.</summary>
internal sealed class MemoryEngine(DurableTaskTestHost host) : IDurableEngine
{
    public DurableTaskClient Client => host.Client;

    public static async Task<MemoryEngine> StartAsync(DurableTasks tasks) =>
        new(await DurableTaskTestHost.StartAsync(tasks.AddTo, new DurableTaskTestHostOptions { Port = StorageEmulator.FreePort() }));

    // There is nothing to forget: between two turns the worker keeps nothing of an orchestration, and each turn replays the stored history.
    public Task RestartAsync() => Task.CompletedTask;

    public ValueTask DisposeAsync() => host.DisposeAsync();
}
