using System.Collections.Concurrent;
using System.Security.Cryptography;
using Distil.Core.Errors;
using Distil.Core.Http;
using Distil.Core.Hub;
using Distil.Core.Specification;
using Microsoft.Extensions.Logging.Abstractions;

namespace Distil.Core.Tests.Hub;

public sealed class HubUploadTests : IAsyncLifetime
{
    private static readonly HubPath Target = HubPath.Parse("hf://owner/name", HubKind.Model, SpecPaths.Teacher);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("distil-push-");
    private readonly byte[] _weights = new byte[100_000];
    private UploadHub _hub = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _hub = await UploadHub.StartAsync();
        new Random(1).NextBytes(_weights);
        await File.WriteAllBytesAsync(Path.Combine(_folder.FullName, "model.safetensors"), _weights, Cancel);
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "config.json"), "{ \"ä\": 1 }", Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await _hub.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task A_folder_becomes_a_commit_of_a_new_repository()
    {
        var commit = await PushAsync();
        Assert.Equal(new string('c', 40), commit);
        Assert.Equal(("model", "name", "owner", true), ((string?)_hub.Created!["type"], (string?)_hub.Created["name"], (string?)_hub.Created["organization"], (bool)_hub.Created["private"]!));
        Assert.Equal(["config.json", "model.safetensors"], _hub.Files.Keys.Order());
        Assert.Equal("{ \"ä\": 1 }"u8.ToArray(), _hub.Files["config.json"].Content);
        Assert.Equal(_weights, _hub.Objects[Convert.ToHexStringLower(SHA256.HashData(_weights))]);
    }

    [Fact]
    public async Task Large_files_are_sent_in_the_parts_that_the_hub_asks_for()
    {
        _hub.ChunkSize = 30_000;
        await PushAsync();
        Assert.Equal(4, _hub.Requests.Count(request => request.StartsWith("PUT storage?part=", StringComparison.Ordinal)));
        Assert.Equal(_weights, _hub.Objects.Values.Single());
    }

    [Fact]
    public async Task What_is_cut_is_sent_again()
    {
        (_hub.Cuts, _hub.ChunkSize) = (2, 60_000);
        await PushAsync();
        Assert.Equal(_weights, _hub.Objects.Values.Single());
    }

    [Fact]
    public async Task A_file_that_has_arrived_is_not_sent_again()
    {
        _hub.Refusal = ("/commit/", 500, "");
        await Assert.ThrowsAsync<RemoteException>(PushAsync);
        Assert.Empty(_hub.Files);
        _hub.Refusal = null;
        await PushAsync();
        Assert.Single(_hub.Requests, request => request.StartsWith("PUT ", StringComparison.Ordinal));
        Assert.Equal(2, _hub.Files.Count);
    }

    [Theory]
    [InlineData("config.json")] // compared by Git's name of its content
    [InlineData("model.safetensors")] // compared by SHA-256
    public async Task A_commit_with_other_content_is_reported(string file)
    {
        _hub.Damages = file;
        var error = await Assert.ThrowsAsync<RemoteException>(PushAsync);
        Assert.Contains($"{file} is not what was sent", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_large_part_has_more_time_than_a_small_one()
    {
        _hub.ChunkSize = 90_000;
        var time = new RecordedTimers();
        await PushAsync(time: time);
        Assert.Contains(TimeSpan.FromSeconds(30.9), time.Due);
        Assert.Contains(TimeSpan.FromSeconds(30.1), time.Due); // the rest of the file
    }

    [Theory]
    [InlineData("/repos/create", 403, "hf://models/owner/name@main: {hub} refuses the change: no rights; expected a token that may write to owner/name")]
    [InlineData("/commit/", 404, "hf://models/owner/name@main: {hub} refuses the change: no rights; expected a token that may write to owner/name")]
    [InlineData("/commit/", 422, "hf://models/owner/name@main: {hub} refuses the change: no rights")]
    [InlineData("/preupload/", 401, "hf://models/owner/name@main: {hub} does not accept the token of HF_TOKEN or its file: no rights; expected a valid one")]
    public async Task A_refusal_says_what_may_not_be_done(string path, int status, string message)
    {
        _hub.Refusal = (path, status, "no rights");
        var error = await Assert.ThrowsAsync<InvalidInputException>(PushAsync);
        Assert.Equal(message.Replace("{hub}", $"{_hub.Endpoint}", StringComparison.Ordinal), error.Message);
    }

    [Fact]
    public async Task Without_token_files_or_network_nothing_is_sent()
    {
        var none = await Assert.ThrowsAsync<InvalidInputException>(() => PushAsync(options => options with { Token = null }));
        Assert.Contains("no token is set (HF_TOKEN", none.Message, StringComparison.Ordinal);
        var offline = await Assert.ThrowsAsync<InvalidInputException>(() => PushAsync(options => options with { Offline = true }));
        Assert.Contains("HF_HUB_OFFLINE is set", offline.Message, StringComparison.Ordinal);
        _folder.EnumerateFiles().ToList().ForEach(file => file.Delete());
        Assert.Contains("has no files", (await Assert.ThrowsAsync<InvalidInputException>(PushAsync)).Message, StringComparison.Ordinal);
        Assert.Empty(_hub.Requests);
    }

    private Task<string> PushAsync() => PushAsync(change: null);

    private Task<string> PushAsync(Func<HubOptions, HubOptions>? change = null, TimeProvider? time = null)
    {
        var options = new HubOptions
        {
            Endpoint = _hub.Endpoint, Cache = _folder.FullName, Token = "secret", Retries = new() { Tries = 3, Pause = TimeSpan.FromMilliseconds(1) },
        };
        return new HubUpload(change?.Invoke(options) ?? options, time ?? TimeProvider.System, NullLogger.Instance).RunAsync(
            Target, _folder.FullName, isPrivate: true, "a message", progress: null, Cancel);
    }

    /// <summary>The system's clock, which records for how long its timers are set.</summary>
    private sealed class RecordedTimers : TimeProvider
    {
        public ConcurrentBag<TimeSpan> Due { get; } = [];

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            new Recorded(base.CreateTimer(callback, state, dueTime, period), Due);

        private sealed class Recorded(ITimer timer, ConcurrentBag<TimeSpan> due) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period)
            {
                due.Add(dueTime);
                return timer.Change(dueTime, period);
            }

            public void Dispose() => timer.Dispose();

            public ValueTask DisposeAsync() => timer.DisposeAsync();
        }
    }
}
