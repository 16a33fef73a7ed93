using Distil.Core.Specification;
using Distil.Inference.Answers;
using Distil.Inference.Scheduling;

namespace Distil.Cli.Serving.OpenAi;

/// <summary>The students of finished runs: one is open at a time, from the first request for it until another one is asked for or nobody has used it for a
/// while.</summary>
/// <param name="fetch">Copies a run's exported student to this machine and returns its folder.</param>
/// <param name="idleTime">Time after its last use until a student is closed.</param>
/// <param name="clock">Measures it.</param>
internal sealed class RunModels(Func<string, CancellationToken, Task<string>> fetch, TimeSpan idleTime, TimeProvider clock) : IAsyncDisposable
{
    private readonly SemaphoreSlim _one = new(1, 1); // who holds it opens, closes and counts
    private Opened? _current; // on the CPU: a card is the jobs'

    /// <value>The run whose student is open; null if none is.</value>
    internal string? OpenRun => _current?.Model.Name;

    /// <summary>Opens a run's student, or uses the one that is open.</summary>
    /// <returns>To be disposed after use.</returns>
    /// <exception cref="Core.Errors.InvalidInputException">The run has no student, or one that this version cannot read.</exception>
    /// <exception cref="SchedulerBusyException">The student of another run is answering.</exception>
    internal async Task<Use> UseAsync(string runId, CancellationToken cancel)
    {
        StudentModel? model = null;
        await AloneAsync(async () =>
        {
            if (_current?.Model.Name != runId)
            {
                if (_current is { Users: > 0 } other)
                {
                    throw new SchedulerBusyException(
                        $"the student of {other.Model.Name} is answering, and this server runs one student at a time; ask again when it has finished");
                }

                await CloseAsync();
                _current = new(StudentModel.Open(await fetch(runId, cancel), new() { Device = ComputeDevice.Cpu }, name: runId));
            }

            _current.Users++;
            _current.Idle?.Dispose();
            model = _current.Model;
        }, cancel);
        return new(this, model!);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => AloneAsync(CloseAsync);

    private ValueTask ReturnAsync() => AloneAsync(() =>
    {
        if (_current is { } current && --current.Users == 0) // closed already if the server ends
        {
            current.Idle = clock.CreateTimer(_ => _ = CloseUnusedAsync().AsTask(), null, idleTime, Timeout.InfiniteTimeSpan);
        }

        return ValueTask.CompletedTask;
    });

    private ValueTask CloseUnusedAsync() => AloneAsync(() => _current is { Users: 0 } ? CloseAsync() : ValueTask.CompletedTask);

    private async ValueTask AloneAsync(Func<ValueTask> work, CancellationToken cancel = default)
    {
        await _one.WaitAsync(cancel);
        try
        {
            await work();
        }
        finally
        {
            _one.Release();
        }
    }

    private async ValueTask CloseAsync()
    {
        if (_current is { } opened)
        {
            _current = null;
            opened.Idle?.Dispose();
            await opened.Model.DisposeAsync();
        }
    }

    /// <summary>A student in use.</summary>
    /// <param name="owner">Where it is returned to.</param>
    /// <param name="model">The student.</param>
    internal sealed class Use(RunModels owner, StudentModel model) : IAsyncDisposable
    {
        internal StudentModel Model => model;

        /// <inheritdoc/>
        public ValueTask DisposeAsync() => owner.ReturnAsync();
    }

    private sealed record Opened(StudentModel Model)
    {
        internal int Users { get; set; }

        internal ITimer? Idle { get; set; }
    }
}
