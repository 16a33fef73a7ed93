using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Distil.Cli.Azurite;
using Distil.Core.Artifacts;
using Microsoft.Extensions.Logging.Abstractions;

namespace Distil.EndToEnd.Tests;

/// <summary>Typical mistakes of users: each gives one clear error and exit code 2.</summary>
public sealed class BadInputTests : IDisposable
{
    private static readonly string Golden = Path.Combine(Distil.Cli.Workspaces.Workspace.Find().Repository!, "tests", "Distil.Trainer.Tests", "Golden");

    private readonly DistilCommand _distil = new();

    public void Dispose() => _distil.Dispose();

    [Fact]
    public async Task A_run_that_another_version_of_distil_made()
    {
        const string Run = "2026-01-01-000000-tales-000000";
        await using (var storage = await LocalStorage.OpenAsync(
            _distil.Workspace, port: null, connectionString: null, NullLogger.Instance, TestContext.Current.CancellationToken))
        {
            await storage.Store.WriteJsonAsync(ArtifactLayout.Plan(Run), new { Version = 2, Tide = "high" }, TestContext.Current.CancellationToken);
        }

        (await _distil.RunAsync("run", "--resume", Run)).IsBadInput($"{Run}/plan.json", "version is 2", "expected 1", "another version of distil");
    }

    [Theory]
    [InlineData("2>/dev/full")]
    [InlineData("2>&-")]
    public async Task An_error_that_nobody_can_receive_is_still_an_exit_code(string redirection)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "it needs /dev/full");
        using var shell = Process.Start("/bin/sh", ["-c", $"dotnet '{Path.Combine(AppContext.BaseDirectory, "Distil.Cli.dll")}' runz {redirection}"]);
        await shell.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(2, shell.ExitCode);
    }

    [Fact]
    public async Task Missing_weights()
    {
        var model = CopyOfModel();
        File.Delete(Path.Combine(model, "model.safetensors"));
        (await ForwardAsync(model)).IsBadInput("model.safetensors");
    }

    [Fact]
    public async Task Truncated_weights()
    {
        var model = CopyOfModel();
        using (var weights = File.OpenWrite(Path.Combine(model, "model.safetensors")))
        {
            weights.SetLength(weights.Length / 2);
        }

        (await ForwardAsync(model)).IsBadInput("model.safetensors");
    }

    [Fact]
    public async Task Weights_of_another_shape_than_config_says()
    {
        var model = CopyOfModel(config => config["intermediate_size"] = 96);
        (await ForwardAsync(model)).IsBadInput("mlp", "160", "96");
    }

    [Fact]
    public async Task An_architecture_that_is_not_known()
    {
        var model = CopyOfModel(config => config["model_type"] = "mamba");
        (await ForwardAsync(model)).IsBadInput("model_type", "mamba", "qwen2");
    }

    [Fact]
    public async Task A_tokenizer_with_more_tokens_than_the_model()
    {
        var model = CopyOfModel();
        File.Copy(Path.Combine(Golden, "tokenizer-tiny", "tokenizer.json"), Path.Combine(model, "tokenizer.json"));
        (await RunAsync(spec => spec["teacher"]!["path"] = model)).IsBadInput("tokenizer.json", "131");
    }

    [Fact]
    public async Task An_empty_corpus()
    {
        var empty = Path.Combine(_distil.Workspace.Home, "empty.txt");
        await File.WriteAllTextAsync(empty, "", TestContext.Current.CancellationToken);
        (await RunAsync(spec => spec["dataset"]!["sources"] = new JsonArray(empty))).IsBadInput("dataset.sources");
    }

    [Fact]
    public async Task A_corpus_that_is_not_there() =>
        (await RunAsync(spec => spec["dataset"]!["sources"] = new JsonArray("/no/such/file.txt"))).IsBadInput("dataset.sources", "/no/such/file.txt");

    [Fact]
    public async Task An_unknown_field() =>
        (await RunAsync(spec => spec["training"]!["learningRat"] = 0.1)).IsBadInput("training.learningRat", "did you mean learningRate?");

    [Fact]
    public async Task A_field_of_another_type() =>
        (await RunAsync(spec => spec["training"]!["epochs"] = "many")).IsBadInput("training.epochs", "many");

    [Fact]
    public async Task Rows_longer_than_the_teacher_reads() =>
        (await RunAsync(spec => spec["dataset"]!["contextLength"] = 5000)).IsBadInput("dataset.contextLength", "5000", "max_position_embeddings");

    [Fact]
    public async Task A_port_in_use()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
        (await _distil.RunAsync("run", SmallDemo.Write(_distil.Workspace.Home), "--storage-port", port)).IsBadInput(port, "in use");
    }

    [Fact]
    public async Task A_run_that_does_not_exist() => (await _distil.RunAsync("status", "2026-01-01-nothing-000000")).IsBadInput("2026-01-01-nothing-000000");

    [Fact]
    public async Task A_command_that_does_not_exist() => (await _distil.RunAsync("destil")).IsBadInput("destil");

    private Task<CommandResult> RunAsync(Action<JsonNode> change) => _distil.RunAsync("run", SmallDemo.Write(_distil.Workspace.Home, change));

    private Task<CommandResult> ForwardAsync(string model) =>
        _distil.RunAsync("forward", "--model", model, "--input", Path.Combine(Golden, "qwen2-tiny", "case.safetensors"), "--output", Path.Combine(
            _distil.Workspace.Home, "out.safetensors"));

    private string CopyOfModel(Action<JsonNode>? change = null)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_distil.Workspace.Home, "model")).FullName;
        foreach (var file in new[] { "config.json", "model.safetensors" })
        {
            File.Copy(Path.Combine(Golden, "qwen2-tiny", file), Path.Combine(folder, file));
        }

        var path = Path.Combine(folder, "config.json");
        var config = JsonNode.Parse(File.ReadAllText(path))!;
        change?.Invoke(config);
        File.WriteAllText(path, config.ToJsonString());
        return folder;
    }
}
