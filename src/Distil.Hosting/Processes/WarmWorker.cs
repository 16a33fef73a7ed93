using System.Collections.Concurrent;
using System.Diagnostics;

namespace Distil.Hosting.Processes;

/// <summary>A trainer process that does one job after another: it reads request URIs from its input and answers <c>done URI</c> to each.</summary>
/// <remarks>The pipe to its input closes when this process ends, however it ends; the worker then ends too.</remarks>
internal sealed class WarmWorker : IAsyncDisposable
{
    private const int TailLines = 40;
    private static readonly TimeSpan IdlePatience = TimeSpan.FromSeconds(10);

    private readonly Process process;
    private readonly ConcurrentQueue<string> tail = new();
    private readonly Task listening;
    private TaskCompletionSource done = new();

    private WarmWorker(Process process)
    {
        this.process = process;
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginErrorReadLine();
        listening = ListenAsync();
    }

    /// <value>The end of what it wrote to its error stream.</value>
    internal string Tail => string.Join('\n', tail);

    /// <value>Its process, for messages and tests.</value>
    internal int ProcessId => process.Id;

    /// <value>Whether it can take a job.</value>
    internal bool IsAlive => !listening.IsCompleted && !process.HasExited;

    internal static WarmWorker Start(ProcessStartInfo command)
    {
        command.RedirectStandardInput = command.RedirectStandardOutput = command.RedirectStandardError = true;
        return new WarmWorker(Process.Start(command)!);
    }

    /// <summary>Has it do a job; returns when the job has ended or the process has.</summary>
    /// <returns>Whether it said that the job is done.</returns>
    internal async Task<bool> DoAsync(Uri request)
    {
        done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            await process.StandardInput.WriteLineAsync(request.AbsoluteUri);
            await process.StandardInput.FlushAsync();
        }
        catch (IOException)
        {
            // It ended before it read the line: the job was not done.
            return false;
        }

        return await Task.WhenAny(done.Task, listening) == done.Task;
    }

    /// <summary>Asks it to end at once (a checkpoint is its own affair); ends it where it does not.</summary>
    internal Task StopAsync(TimeSpan patience) => Signals.TerminateAsync(process.Id, patience);

    /// <summary>Tells it that no more jobs come, and waits for its end.</summary>
    public async ValueTask DisposeAsync()
    {
        process.StandardInput.Close();
        if (await Task.WhenAny(listening, Task.Delay(IdlePatience)) != listening)
            await StopAsync(IdlePatience);

        await process.WaitForExitAsync();
        process.Dispose();
    }

    private async Task ListenAsync()
    {
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.StartsWith("done ", StringComparison.Ordinal))
                done.TrySetResult();
            else
                Keep(line);
        }

        await process.WaitForExitAsync();
    }

    private void Keep(string? line)
    {
        if (line is null)
            return;

        tail.Enqueue(line);
        while (tail.Count > TailLines)
            tail.TryDequeue(out _);
    }
}
