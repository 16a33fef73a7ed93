using System.Diagnostics;
using static TorchSharp.torch;

namespace Distil.Trainer.Ranks;

/// <summary>A group as process 0 sees it: the other processes, and its own place.</summary>
internal sealed class RankTeam : IDisposable
{
    /// <summary>Time that a sum has to end after another process was lost. Then this process ends too: a GPU that waits cannot be woken in another way.</summary>
    private static readonly TimeSpan LossPatience = TimeSpan.FromMinutes(1);

    /// <summary>Time in which the end of another process is reported after a sum failed because of it.</summary>
    internal static readonly TimeSpan CausePatience = TimeSpan.FromSeconds(10);

    private readonly RankWatch _watch = new();
    private readonly List<RankProcess> _others = [];
    private readonly DirectoryInfo? _folder;
    private readonly CancellationTokenSource _ended = new();
    private volatile bool _waits = true; // joining waits, too

    /// <summary>Starts the other processes and joins the group with them.</summary>
    /// <param name="command">Creates the command of a process.</param>
    /// <param name="count">Number of processes with this one, ≥ 2.</param>
    /// <param name="device">The kind of device.</param>
    /// <param name="cancel">Ends the wait for the processes to start.</param>
    /// <exception cref="OperationCanceledException">Cancelled; no process is left.</exception>
    internal RankTeam(Func<ProcessStartInfo> command, int count, Device device, CancellationToken cancel)
    {
        var onGpus = device.type == TorchSharp.DeviceType.CUDA;
        var id = onGpus ? NcclGroup.NewId() : null;
        _folder = onGpus ? null : Directory.CreateTempSubdirectory("distil-ranks-");
        var place = new RankPlace(0, count, _folder is null ? null : Path.Combine(_folder.FullName, "sums"), id);
        (Count, Device) = (count, device);
        try
        {
            for (var rank = 1; rank < count; rank++)
            {
                var start = command();
                if (onGpus)
                {
                    VisibleGpu.Only(start.Environment, rank);
                    start.Environment.TryAdd("NCCL_DEBUG_FILE", "/dev/stderr"); // its output is for messages
                }

                _others.Add(new RankProcess(start, place with { Rank = rank }, _watch));
            }

            if (onGpus)
            {
                _watch.OnLoss(EndIfStuck);
            }

            _others.ForEach(other => other.Await(RankMessages.Kind.Ready, cancel));
            Group = place.Join(_watch);
            _waits = false;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <value>Number of processes.</value>
    internal int Count { get; }

    /// <value>The kind of device.</value>
    internal Device Device { get; }

    /// <value>This process's place.</value>
    internal IRankGroup Group { get; } = SingleRank.Instance;

    /// <value>Ids of the other processes.</value>
    internal IEnumerable<int> ProcessIds => _others.Select(other => other.ProcessId);

    /// <value>The first loss; null if all live.</value>
    internal RankLostException? Loss => _watch.Loss;

    /// <summary>The loss that explains a failure of this process; null if all live.</summary>
    internal RankLostException? LossBehind(Exception failure) => failure is NcclException ? _watch.Await(CausePatience) : Loss;

    /// <summary>Sends each process the same work.</summary>
    internal void Begin(ReadOnlySpan<byte> work)
    {
        _waits = true;
        foreach (var other in _others)
        {
            other.Send(RankMessages.Kind.Work, work);
        }
    }

    /// <summary>Waits for the next output of a process, in an array of the shared pool that may be longer.</summary>
    /// <param name="rank">Its number, ≥ 1.</param>
    internal byte[] TakeOutput(int rank) => _others[rank - 1].TakeOutput();

    /// <summary>Waits until each process is done.</summary>
    internal void End()
    {
        _others.ForEach(other => other.Await(RankMessages.Kind.Done));
        _waits = false;
    }

    /// <summary>Does what waits for no other process: a loss does not interrupt it, and is found afterwards.</summary>
    internal async Task AloneAsync(Func<Task> work)
    {
        _waits = false;
        await work();
        _waits = true;
    }

    /// <summary>Ends all processes.</summary>
    public void Dispose()
    {
        _watch.Close();
        _ended.Cancel();
        _others.ForEach(other => other.Stop()); // all of them before any is disposed of: each may still stop the others
        _others.ForEach(other => other.Dispose());
        Group.Dispose();
        _folder?.Delete(recursive: true);
        _ended.Dispose();
    }

    private void EndIfStuck() => _ = Task.Delay(LossPatience, _ended.Token).ContinueWith(
        _ =>
        {
            if (_waits)
            {
                Console.Error.WriteLine(Loss!.Message); // there will be no result that says it
                Process.GetCurrentProcess().Kill();
            }
        },
        CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
}
