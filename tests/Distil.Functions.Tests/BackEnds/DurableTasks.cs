using System.Text.Json;
using DurableTask.Core;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Worker.Shims;

namespace Distil.Functions.Tests.BackEnds;

/// <summary>Orchestrations and activities by name, for either engine.</summary>
internal sealed class DurableTasks
{
    private readonly Dictionary<string, Func<TaskOrchestrationContext, JsonElement, Task<JsonElement>>> _orchestrations = [];
    private readonly Dictionary<string, Func<TaskActivityContext, JsonElement, Task<JsonElement>>> _activities = [];

    public void AddOrchestration(string name, Func<TaskOrchestrationContext, Task<JsonElement>> code) => _orchestrations.Add(name, (durable, _) => code(durable));

    public void AddActivity(string name, Func<JsonElement, Task<JsonElement>> code) => _activities.Add(name, (_, input) => code(input));

    /// <summary>Adds them to a worker over gRPC.</summary>
    public void AddTo(DurableTaskRegistry registry)
    {
        foreach (var (name, code) in _orchestrations)
        {
            registry.AddOrchestratorFunc(name, code);
        }

        foreach (var (name, code) in _activities)
        {
            registry.AddActivityFunc(name, code);
        }
    }

    /// <summary>Adds them to a worker of the core framework, by the SDK's adapters, which an isolated worker uses too.</summary>
    public void AddTo(TaskHubWorker worker)
    {
        var sdk = DurableTaskShimFactory.Default;
        worker.AddTaskOrchestrations([.. _orchestrations.Select(each => new Creator<TaskOrchestration>(each.Key, () => sdk.CreateOrchestration(each.Key, each.Value)))]);
        worker.AddTaskActivities([.. _activities.Select(each => new Creator<TaskActivity>(each.Key, () => sdk.CreateActivity(each.Key, each.Value)))]);
    }

    private sealed class Creator<T> : ObjectCreator<T>
    {
        private readonly Func<T> _create;

        public Creator(string name, Func<T> create) => (Name, Version, _create) = (name, "", create);

        public override T Create() => _create();
    }
}
