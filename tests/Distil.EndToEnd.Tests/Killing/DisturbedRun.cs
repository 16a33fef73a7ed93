using System.Collections.Concurrent;
using System.Diagnostics;
using Distil.Cli.Azurite;
using Distil.Core.Artifacts;

namespace Distil.EndToEnd.Tests.Killing;

/// <summary>A run whose processes are killed: the test restarts its host with <c>run --resume</c>, and everything else must recover by itself.</summary>
internal sealed class DisturbedRun : IAsyncDisposable
{
    private readonly DistilCommand _distil;
    private readonly ConcurrentQueue<string> _said = new();
    private Process _host;

    private DisturbedRun(DistilCommand distil, Process host) => (_distil, _host) = (distil, host);

    /// <value>Whether its host has ended by itself.</value>
    public bool HasEnded => _host.HasExited;

    public string RunId { get; private set; } = "";

    /// <value>The hosts' output, and what was done to them.</value>
    public string Log => string.Join('\n', _said);

    public static async Task<DisturbedRun> StartAsync(DistilCommand distil, string spec, CancellationToken cancel)
    {
        var run = new DisturbedRun(distil, distil.Start("run", spec, "--json"));
        run.Listen();
        while ((run.RunId = run._said.Select(line => line.Split(' ', ':')).FirstOrDefault(words => words is ["Run", ..])?[1] ?? "").Length == 0)
        {
            Assert.False(run._host.HasExited, run.Log);
            await Task.Delay(10, cancel);
        }

        return run;
    }

    /// <summary>The trainer of the present host that waits at a point; null if none does.</summary>
    public int? WaitingAt(HeldTrainer trainers, string point) =>
        trainers.At(point).Intersect(RunningProcesses.ChildrenOf(_host.Id)).Select(trainer => (int?)trainer).FirstOrDefault();

    /// <summary>Kills one of the run's processes; as the trainer, all of them unless one is named.</summary>
    public async Task KillAsync(Victim victim, int? named, CancellationToken cancel)
    {
        _said.Enqueue($"-- kill {victim}");
        switch (victim)
        {
            case Victim.Host:
                RunningProcesses.Kill(_host.Id);
                await _host.WaitForExitAsync(cancel);
                Resume();
                break;
            case Victim.Storage:
                RunningProcesses.Kill((await new AzuriteFiles(_distil.Workspace).ReadAsync(cancel))!.ProcessId);
                break;
            default:
                foreach (var trainer in named is { } one ? [one] : RunningProcesses.ChildrenOf(_host.Id))
                {
                    RunningProcesses.Kill(trainer);
                }

                break;
        }
    }

    /// <summary>Whether a blob exists; also false if storage is unavailable.</summary>
    public async Task<bool> HasAsync(string blob, CancellationToken cancel)
    {
        try
        {
            using var quick = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            quick.CancelAfter(TimeSpan.FromSeconds(5));
            return await (await new AzuriteFiles(_distil.Workspace).ReadAsync(cancel))!.HasAsync(blob, quick.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>Whether one of the blobs exists; also false if storage is unavailable.</summary>
    public async Task<bool> HasAnyAsync(IEnumerable<string> blobs, CancellationToken cancel)
    {
        foreach (var blob in blobs)
        {
            if (await HasAsync(blob, cancel))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Waits for the run's end.</summary>
    public async Task EndAsync(CancellationToken cancel)
    {
        await _host.WaitForExitAsync(cancel);
        Assert.True(_host.ExitCode == 0, Log);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_host.HasExited)
        {
            _host.Kill();
            await _host.WaitForExitAsync();
        }

        _host.Dispose();
    }

    private void Resume()
    {
        _host.Dispose();
        _host = _distil.Start("run", "--resume", RunId, "--json");
        Listen();
    }

    private void Listen()
    {
        _host.OutputDataReceived += (_, line) => Keep(line.Data);
        _host.ErrorDataReceived += (_, line) => Keep(line.Data);
        _host.BeginOutputReadLine();
        _host.BeginErrorReadLine();
    }

    private void Keep(string? line)
    {
        if (line is not null)
        {
            _said.Enqueue(line);
        }
    }
}

/// <summary>The processes that can be killed.</summary>
internal enum Victim
{
    Host,
    Trainer,
    Storage,
}

/// <summary>Queries a blob server without the retries of the real client.</summary>
internal static class ImpatientStorage
{
    private static readonly HttpClient Client = new();

    public static async Task<bool> HasAsync(this AzuriteProcess azurite, string blob, CancellationToken cancel)
    {
        try
        {
            var container = new Azure.Storage.Blobs.BlobContainerClient(azurite.ConnectionString, ArtifactLayout.DefaultContainer);
            var uri = container.GetBlobClient(blob).GenerateSasUri(Azure.Storage.Sas.BlobSasPermissions.Read, DateTimeOffset.UtcNow.AddMinutes(5));
            using var request = new HttpRequestMessage(HttpMethod.Head, uri);
            using var answer = await Client.SendAsync(request, cancel);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
