using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using Distil.Core;
using Distil.Core.Jobs;

namespace Distil.Trainer.Ranks;

/// <summary>Another process of a group, as process 0 sees it. It ends when its input closes, and so with this process.</summary>
internal sealed class RankProcess : IDisposable
{
    /// <summary>Outputs that it may be ahead of their use; then it waits.</summary>
    private const int OutputsAhead = 2;

    private readonly int _rank;
    private readonly Process _process;
    private readonly RankWatch _watch;
    private readonly BlockingCollection<byte[]> _outputs = new(OutputsAhead);
    private readonly BlockingCollection<RankMessages.Kind> _signs = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly Thread _listener;

    internal RankProcess(ProcessStartInfo command, RankPlace place, RankWatch watch)
    {
        (_rank, _watch) = (place.Rank, watch);
        watch.OnLoss(_stop.Cancel);
        command.RedirectStandardInput = command.RedirectStandardOutput = true;
        command.UseShellExecute = false;
        _process = Process.Start(command)!;
        _listener = new Thread(Listen) { IsBackground = true, Name = $"rank {_rank}" };
        _listener.Start();
        Send(RankMessages.Kind.Place, JsonSerializer.SerializeToUtf8Bytes(place, DistilJson.Options));
    }

    /// <value>Its operating-system id.</value>
    internal int ProcessId => _process.Id;

    /// <summary>Sends a message.</summary>
    internal void Send(RankMessages.Kind kind, ReadOnlySpan<byte> content)
    {
        try
        {
            RankMessages.Write(_process.StandardInput.BaseStream, kind, content);
        }
        catch (IOException)
        {
            Await(kind); // it has ended, and the listener says why
        }
    }

    /// <summary>Waits for the next message without content.</summary>
    /// <exception cref="RankLostException">A process of the group has ended.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    internal void Await(RankMessages.Kind kind, CancellationToken cancel = default)
    {
        if (Take(_signs, cancel) != kind)
        {
            throw new InvalidOperationException($"process {_rank} did not answer with {kind}");
        }
    }

    /// <summary>Waits for the next output, in an array of the shared pool that may be longer.</summary>
    /// <exception cref="RankLostException">A process of the group has ended.</exception>
    internal byte[] TakeOutput() => Take(_outputs);

    /// <summary>Kills the process: it has nothing to save.</summary>
    internal void Stop()
    {
        _stop.Cancel();
        _process.Kill();
        _process.WaitForExit();
        _listener.Join();
    }

    /// <summary>Frees what a stopped process leaves.</summary>
    public void Dispose()
    {
        _process.Dispose();
        _outputs.Dispose();
        _signs.Dispose();
        _stop.Dispose();
    }

    private T Take<T>(BlockingCollection<T> queue, CancellationToken cancel = default)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token, cancel);
        try
        {
            return queue.Take(either.Token);
        }
        catch (OperationCanceledException)
        {
            _watch.ThrowIfLost();
            throw;
        }
    }

    private void Listen()
    {
        try
        {
            while (RankMessages.Read(_process.StandardOutput.BaseStream) is var (kind, content))
            {
                switch (kind)
                {
                    case RankMessages.Kind.Output:
                        _outputs.Add(content, _stop.Token);
                        break;
                    case RankMessages.Kind.SumFailure when _watch.Await(RankTeam.CausePatience) is not null:
                        return;
                    case RankMessages.Kind.Failure or RankMessages.Kind.SumFailure:
                        _watch.Lose(JsonSerializer.Deserialize<JobFailure>(content, DistilJson.Options)!);
                        return;
                    default:
                        _signs.Add(kind);
                        break;
                }
            }
        }
        catch (OperationCanceledException)
        {
            return; // disposed, or another process is lost
        }
        catch (Exception error) // an exception would end this process; the job fails with it instead
        {
            _watch.Lose(new(FailureClass.Transient, $"process {_rank} of the job's GPUs answered with what is no message: {error.Message}", error.ToString()));
            return;
        }

        if (!_stop.IsCancellationRequested)
        {
            _process.WaitForExit();
            _watch.Lose(new(FailureClass.Preempted, $"process {_rank} of the job's GPUs was taken away (exit code {_process.ExitCode}); the job goes on from its last checkpoint"));
        }
    }
}
