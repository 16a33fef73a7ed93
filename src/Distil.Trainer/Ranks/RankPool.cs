using System.Diagnostics;
using Distil.Core.Errors;
using static TorchSharp.torch;

namespace Distil.Trainer.Ranks;

/// <summary>Starts the processes that share jobs with this one, one for each further GPU, and keeps them for the next job.</summary>
/// <param name="command">Creates the command of a process.</param>
/// <param name="onCpu">Whether there may be several processes on the CPU: that tests the protocol and saves no time.</param>
internal sealed class RankPool(Func<ProcessStartInfo> command, bool onCpu = false) : IDisposable
{
    private RankTeam? _team;

    /// <value>Ids of the processes that it started and that live.</value>
    internal IEnumerable<int> ProcessIds => _team?.ProcessIds ?? [];

    /// <summary>Throws unless a machine has the GPUs that a specification asks for.</summary>
    /// <param name="asked"><c>compute.gpusPerWorker</c>.</param>
    /// <param name="device">The job's device.</param>
    /// <exception cref="InvalidInputException">It has fewer.</exception>
    internal void Require(int asked, Device device)
    {
        var found = device.type == TorchSharp.DeviceType.CUDA ? cuda.device_count() : 0;
        if (asked > Math.Max(1, found) && !(onCpu && found == 0))
        {
            throw new InvalidInputException($"compute.gpusPerWorker is {asked}; torch finds {found} CUDA GPUs on this machine; expected at most {Math.Max(1, found)}");
        }
    }

    /// <summary>Does a work on several processes at once.</summary>
    /// <param name="count">Number of processes with this one, ≥ 1.</param>
    /// <param name="device">The kind of device.</param>
    /// <param name="work">The work as the other processes read it.</param>
    /// <param name="compute">This process's part, with the group; null for a process alone.</param>
    /// <param name="cancel">Ends the wait for processes to start; <paramref name="compute"/> ends by itself.</param>
    /// <exception cref="RankLostException">Another process failed or ended.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    internal async Task<T> RunAsync<T>(
        int count, Device device, Func<byte[]> work, Func<RankTeam?, Task<T>> compute, CancellationToken cancel = default)
    {
        if (_team is not null && (_team.Count != count || _team.Device.type != device.type || _team.Loss is not null))
        {
            Dispose();
        }

        if (count == 1)
        {
            return await compute(null);
        }

        try
        {
            _team ??= new(command, count, device, cancel);
            _team.Begin(work());
            var result = await compute(_team);
            _team.End();
            return result;
        }
        catch (Exception failure)
        {
            var loss = _team?.LossBehind(failure);
            Dispose(); // they are in the middle of something that will not be finished
            if (loss is not null)
            {
                throw loss;
            }

            throw;
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _team?.Dispose();
        _team = null;
    }
}
