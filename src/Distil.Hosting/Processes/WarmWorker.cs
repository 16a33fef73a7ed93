using System.Collections.Concurrent;
using System.Diagnostics;

namespace Distil.Hosting.Processes;

/// <summary>A trainer process that runs one job after another: it reads request URIs from its input and answers <c>done URI</c> to each.</summary>
/// <remarks>The pipe to its input closes whenever this process ends; then the worker ends too.</remarks>
internal sealed class WarmWorker : IAsyncDisposable
{
    private const int TailLines = 40;
    private static readonly TimeSpan IdlePatience = TimeSpan.FromSeconds(10);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _tail = new();
    private readonly Task _listening;
    private TaskCompletionSource _done = new();

    private WarmWorker(Process process)
    {
        _process = process;
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginErrorReadLine();
        _listening = ListenAsync();
    }

    /// <value>The end of its error stream.</value>
    internal string Tail => string.Join('\n', _tail);

    /// <value>Id of its process, for messages and tests.</value>
    internal int ProcessId => _process.Id;

    /// <value>Whether it can run a job.</value>
    internal bool IsAlive => !_listening.IsCompleted && !_process.HasExited;

    internal static WarmWorker Start(ProcessStartInfo command)
    {
        command.RedirectStandardInput = command.RedirectStandardOutput = command.RedirectStandardError = true;
        return new WarmWorker(Process.Start(command)!);
    }

    /// <summary>Runs a job; returns when the job or the process has ended.</summary>
    /// <returns>Whether it answered that the job is done.</returns>
    internal async Task<bool> DoAsync(Uri request)
    {
        _done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            await _process.StandardInput.WriteLineAsync(request.AbsoluteUri);
            await _process.StandardInput.FlushAsync();
        }
        catch (IOException)
        {
            // It ended before it read the line: the job was not run.
            return false;
        }

        return await Task.WhenAny(_done.Task, _listening) == _done.Task;
    }

    /// <summary>Asks it to end at once (it decides about a checkpoint itself), and kills it if it does not.</summary>
    internal Task StopAsync(TimeSpan patience) => Signals.TerminateAsync(_process.Id, patience);

    /// <summary>Closes its input, so that no more jobs come, and waits for its end.</summary>
    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        if (await Task.WhenAny(_listening, Task.Delay(IdlePatience)) != _listening)
        {
            await StopAsync(IdlePatience);
        }

        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private async Task ListenAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.StartsWith("done ", StringComparison.Ordinal))
            {
                _done.TrySetResult();
            }
            else
            {
                Keep(line);
            }
        }

        await _process.WaitForExitAsync();
    }

    private void Keep(string? line)
    {
        if (line is null)
        {
            return;
        }

        _tail.Enqueue(line);
        while (_tail.Count > TailLines)
        {
            _tail.TryDequeue(out _);
        }
    }
}
