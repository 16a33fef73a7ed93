using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text.Json;
using Azure.Storage.Blobs;
using Distil.EndToEnd.Tests.Telemetry;

namespace Distil.Functions.Tests.RealHost;

/// <summary>The app in the real Functions host, with jobs as its child processes.</summary>
internal sealed class FunctionsApp : IAsyncDisposable
{
    public const string ApiKey = "canary-of-an-api-key-0123456789";
    public const string MasterKey = "canary-of-a-master-key-012345678";

    private readonly string _folder;
    private readonly StorageEmulator _storage;
    private readonly OtlpCollector _collector;
    private readonly int _port = StorageEmulator.FreePort();
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromMinutes(2) };
    private readonly ConcurrentQueue<string?> _said = new();
    private Process? _process;

    public FunctionsApp(string folder, StorageEmulator storage, OtlpCollector collector)
    {
        (_folder, _storage, _collector) = (folder, storage, collector);
        _http.BaseAddress = new Uri($"http://127.0.0.1:{_port}");
    }

    /// <value>The output of the host and its workers, across all restarts.</value>
    public string Log => string.Join('\n', _said);

    /// <summary>Starts the host and waits until the app answers.</summary>
    public async Task StartAsync(CancellationToken cancel)
    {
        await WriteKeysAsync(cancel);
        _process = Process.Start(Command())!;
        _process.OutputDataReceived += (_, line) => _said.Enqueue(line.Data);
        _process.ErrorDataReceived += (_, line) => _said.Enqueue(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        for (var since = Stopwatch.GetTimestamp(); !await AnswersAsync(cancel);)
        {
            Assert.False(_process.HasExited || Stopwatch.GetElapsedTime(since) > TimeSpan.FromMinutes(5), Log);
            await Task.Delay(500, cancel);
        }
    }

    /// <summary>Kills the host, its worker and its trainers, as the loss of a machine would.</summary>
    public async Task KillAsync()
    {
        _process!.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        _process = null;
    }

    public Task<HttpResponseMessage> PostAsync(string path, string json, CancellationToken cancel, string? key = ApiKey) =>
        SendAsync(
            new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(json, new MediaTypeHeaderValue("application/json")) }, key, cancel);

    public Task<HttpResponseMessage> GetAsync(string path, CancellationToken cancel, string? key = ApiKey) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Get, path), key, cancel);

    public async Task<JsonElement> ReadAsync(string path, CancellationToken cancel)
    {
        using var answer = await GetAsync(path, cancel);
        var text = await answer.Content.ReadAsStringAsync(cancel);
        Assert.True(answer.IsSuccessStatusCode, $"{path}: {answer.StatusCode} {text}");
        return JsonDocument.Parse(text).RootElement;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await KillAsync();
        }

        _http.Dispose();
    }

    private Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, string? key, CancellationToken cancel)
    {
        if (key is not null)
        {
            request.Headers.Add("x-functions-key", key);
        }

        return _http.SendAsync(request, cancel);
    }

    private ProcessStartInfo Command()
    {
        var app = Path.Combine(Distil.Cli.Workspaces.Workspace.Find().Repository!, "src", "Distil.Functions", "bin",
            new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name, "net10.0");
        var command = FunctionsHostProgram.Command(app, _port);
        command.RedirectStandardOutput = command.RedirectStandardError = true;
        const string Durable = "AzureFunctionsJobHost__extensions__durableTask__storageProvider__";
        foreach (var (name, value) in _collector.Environment.Concat(new Dictionary<string, string>
        {
            ["AzureWebJobsStorage"] = _storage.ConnectionString,
            ["AZURE_STORAGE_CONNECTION_STRING"] = _storage.ConnectionString,
            ["AzureWebJobsDisableHomepage"] = "true",
            ["AzureFunctionsWebHost__hostid"] = "distil",
            ["DISTIL_JOBS"] = "processes",
            ["DISTIL_CACHE"] = Path.Combine(_folder, "cache"),
            // Messages that a killed host held are delivered to the next one after this time (the minimum), not after five minutes.
            [Durable + "workItemQueueVisibilityTimeout"] = "00:01:00",
            [Durable + "controlQueueVisibilityTimeout"] = "00:01:00",
            [Durable + "maxQueuePollingInterval"] = "00:00:01",
        }))
        {
            command.Environment[name] = value;
        }

        return command;
    }

    // The host's keys are in the file that it reads, so that requests can contain one.
    private async Task WriteKeysAsync(CancellationToken cancel)
    {
        var container = new BlobContainerClient(_storage.ConnectionString, "azure-webjobs-secrets");
        await container.CreateIfNotExistsAsync(cancellationToken: cancel);
        var key = new { name = "default", value = ApiKey, encrypted = false };
        var keys = JsonSerializer.Serialize(new
        {
            masterKey = new { name = "master", value = MasterKey, encrypted = false },
            functionKeys = new[] { key },
            systemKeys = Array.Empty<object>(),
        });
        await container.GetBlobClient("distil/host.json").UploadAsync(BinaryData.FromString(keys), overwrite: true, cancel);
    }

    private async Task<bool> AnswersAsync(CancellationToken cancel)
    {
        try
        {
            using var answer = await GetAsync("/api/health", cancel);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
