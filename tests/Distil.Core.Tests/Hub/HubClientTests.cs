using System.Text;
using Distil.Core.Errors;
using Distil.Core.Http;
using Distil.Core.Hub;

namespace Distil.Core.Tests.Hub;

/// <summary>Which paths are found or refused, and which requests are not repeated.</summary>
public sealed class HubClientTests : HubFixture
{
    [Fact]
    public async Task A_branch_becomes_its_commit_and_is_remembered_as_Python_does()
    {
        var commit = Hub.Add("datasets/o/n").Commit("feature/x", ("a.txt", LocalHubFile.Small("a")));
        var path = await Client().PinAsync(Dataset("hf://o/n@feature%2Fx/a.txt"), Cancel);
        Assert.Equal($"hf://datasets/o/n@{commit}/a.txt", path.ToString());
        Assert.Equal(commit, await File.ReadAllTextAsync(Path.Combine(Cache, "datasets--o--n", "refs", "feature", "x"), Cancel));
    }

    [Theory]
    [InlineData("", "README.md data/a.parquet data/b.parquet data/deep/c.parquet")]
    [InlineData("/data", "data/a.parquet data/b.parquet data/deep/c.parquet")]
    [InlineData("/data/b.parquet", "data/b.parquet")]
    [InlineData("/data/*.parquet", "data/a.parquet data/b.parquet")]
    [InlineData("/**/*.parquet", "data/a.parquet data/b.parquet data/deep/c.parquet")]
    [InlineData("/*.md", "README.md")]
    public async Task Files_folders_and_globs_give_sorted_files_over_pages_with_sizes_and_checksums(string path, string expected)
    {
        Hub.PageSize = 2;
        var file = new LocalHubFile(Bytes(100));
        Hub.Add("datasets/o/n").Commit(
            "main", ("data/b.parquet", file), ("data/a.parquet", file), ("data/deep/c.parquet", file), ("README.md", LocalHubFile.Small("hello")));
        var client = Client();
        var files = await client.ListAsync(await client.PinAsync(Dataset("hf://o/n" + path), Cancel), Cancel);
        Assert.Equal(expected.Split(' '), files.Select(each => each.Path.Path));
        Assert.All(files, each => Assert.Equal(
            each.Path.Path == "README.md" ? (5L, null) : (100L, file.Sha256), (each.Bytes, each.Sha256)));
        Assert.DoesNotContain(Hub.Requests, request => request.Contains("/resolve/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Offline_what_is_in_the_cache_is_found_and_used_and_nothing_is_asked()
    {
        var file = new LocalHubFile(Bytes(100));
        Hub.Add("datasets/o/n").Commit("main", ("data/a.bin", file), ("data/b.bin", new LocalHubFile(Bytes(7))), ("c.txt", LocalHubFile.Small("c")));
        var online = Client();
        var pinned = await online.PinAsync(Dataset("hf://o/n"), Cancel);
        await online.FetchAsync(pinned with { Path = "data/a.bin" }, cancel: Cancel);
        await online.FetchAsync(pinned with { Path = "c.txt" }, cancel: Cancel);
        Hub.Requests.Clear();

        var offline = Client(options => options with { Offline = true });
        Assert.Equal(pinned, await offline.PinAsync(Dataset("hf://o/n"), Cancel));
        var found = await offline.ListAsync(pinned with { Path = "data" }, Cancel);
        Assert.Equal([new HubFile(pinned with { Path = "data/a.bin" }, 100, file.Sha256)], found);
        Assert.Equal(file.Content, await File.ReadAllBytesAsync(await offline.FetchAsync(found[0].Path, cancel: Cancel), Cancel));
        var error = await Assert.ThrowsAsync<InvalidInputException>(() => offline.FetchAsync(pinned with { Path = "data/b.bin" }, cancel: Cancel));
        Assert.Contains("is not in the cache", error.Message, StringComparison.Ordinal);
        Assert.Empty(Hub.Requests);
    }

    [Fact]
    public async Task An_answer_that_never_ends_counts_as_cut()
    {
        Hub.Answer = (Encoding.UTF8.GetBytes("{ \"sha\": \""), null);
        Hub.AnswerEnd = async http =>
        {
            await http.Response.Body.FlushAsync(Cancel);
            await Task.Delay(Timeout.Infinite, http.RequestAborted).ContinueWith(_ => http.Abort(), TaskScheduler.Default);
        };
        var client = Client(options => options with { Retries = options.Retries with { Silence = TimeSpan.FromSeconds(0.2) } });
        var error = await Assert.ThrowsAsync<RemoteException>(() => client.PinAsync(Dataset("hf://o/n"), Cancel));
        Assert.Contains("its answer is cut", error.Message, StringComparison.Ordinal);
        Assert.Contains("nothing came for", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("hf://o/nothing", "o/nothing does not exist, or is private; expected a dataset that you may read (the token of HF_TOKEN")]
    [InlineData("hf://o/secret", "o/secret does not exist, or is private")]
    [InlineData("hf://o/n@v9", "o/n has no revision v9; expected a branch, tag or commit of http")]
    [InlineData("hf://o/n/b.txt", "has no b.txt")]
    [InlineData("hf://o/gated/a.txt", "o/gated is gated; ask for access at http")]
    public async Task A_refusal_names_the_path_and_its_cause(string path, string message)
    {
        Hub.Add("datasets/o/n").Commit("main", ("a.txt", LocalHubFile.Small("a")));
        Hub.Add("datasets/o/secret").PrivateTo = "somebody else";
        var gated = Hub.Add("datasets/o/gated");
        gated.Commit("main", ("a.txt", LocalHubFile.Small("a")));
        gated.Gated = true;
        var error = await Assert.ThrowsAsync<InvalidInputException>(async () =>
        {
            var pinned = await Client().PinAsync(Dataset(path), Cancel);
            await Client().FetchAsync((await Client().ListAsync(pinned, Cancel))[0].Path, cancel: Cancel);
        });
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Contains(path.Replace("hf://", "hf://datasets/", StringComparison.Ordinal).Split('@')[0][..16], error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_repository_of_ones_own_is_read_with_the_token_and_not_without()
    {
        var repository = Hub.Add("datasets/o/mine");
        repository.Commit("main", ("a.txt", LocalHubFile.Small("a")));
        repository.PrivateTo = "secret";
        Assert.True((await Client().PinAsync(Dataset("hf://o/mine"), Cancel)).IsPinned);
        var error = await Assert.ThrowsAsync<InvalidInputException>(
            () => Client(options => options with { Token = null }).PinAsync(Dataset("hf://o/mine"), Cancel));
        Assert.Contains("no token is set (HF_TOKEN", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_that_is_not_accepted_is_said_to_be_so()
    {
        Hub.Refusals.Enqueue((401, [("X-Error-Message", "Invalid credentials in Authorization header")]));
        var error = await Assert.ThrowsAsync<InvalidInputException>(() => Client().PinAsync(Dataset("hf://o/n"), Cancel));
        Assert.Contains("does not accept the token of HF_TOKEN", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_renamed_repository_is_followed_inside_the_hub_with_the_token()
    {
        Hub.Add("datasets/o/old").RenamedTo = "o/new";
        var renamed = Hub.Add("datasets/o/new");
        renamed.Commit("main", ("a.bin", new LocalHubFile(Bytes(10))));
        renamed.PrivateTo = "secret";
        var pinned = await Client().PinAsync(Dataset("hf://o/old/a.bin"), Cancel);
        Assert.Equal(Bytes(10), await File.ReadAllBytesAsync(await Client().FetchAsync(pinned, cancel: Cancel), Cancel));
    }

    [Fact]
    public async Task Too_many_requests_wait_as_long_as_the_hub_says()
    {
        Hub.Add("datasets/o/n").Commit("main", ("a.txt", LocalHubFile.Small("a")));
        Hub.Refusals.Enqueue((429, [("RateLimit", "\"api\";r=0;t=55"), ("RateLimit-Policy", "\"fixed window\";\"api\";q=500;w=300")]));
        Hub.Refusals.Enqueue((429, [("Retry-After", "7")]));
        Hub.Refusals.Enqueue((503, []));
        var time = new QuickTime();
        Assert.True((await Client(time: time).PinAsync(Dataset("hf://o/n"), Cancel)).IsPinned);
        Assert.Equal([56, 7], time.Waits.Take(2).Select(wait => wait.TotalSeconds));
        Assert.InRange(Assert.Single(time.Waits.Skip(2)).TotalSeconds, 0.002, 0.004);
        Assert.Contains("429", Logged[0], StringComparison.Ordinal);
        Assert.Contains("trying again in 56 s", Logged[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wait_of_hours_and_a_hub_that_fails_for_good_are_errors_that_may_pass()
    {
        Hub.Refusals.Enqueue((429, [("Retry-After", "7200")]));
        Assert.Contains(
            "it asks to wait 7200 seconds", (await Assert.ThrowsAsync<RemoteException>(() => Client().PinAsync(Dataset("hf://o/n"), Cancel))).Message);
        for (var i = 0; i < 5; i++)
        {
            Hub.Refusals.Enqueue((502, []));
        }

        Assert.Contains(
            "502 Bad Gateway; tried 5 times", (await Assert.ThrowsAsync<RemoteException>(() => Client().PinAsync(Dataset("hf://o/n"), Cancel))).Message);
        Assert.Empty(Hub.Refusals);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_an_error_that_names_it()
    {
        var client = Client(options => options with { Endpoint = new Uri("http://127.0.0.1:1") });
        Assert.Contains(
            "http://127.0.0.1:1/api/datasets/o/n", (await Assert.ThrowsAsync<RemoteException>(() => client.PinAsync(Dataset("hf://o/n"), Cancel))).Message);
    }

    /// <summary>A clock whose waits end at once and are recorded.</summary>
    private sealed class QuickTime : TimeProvider
    {
        public List<TimeSpan> Waits { get; } = [];

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var isSilence = dueTime == new RetryOptions().Silence;
            if (!isSilence && dueTime > TimeSpan.Zero)
            {
                Waits.Add(dueTime);
            }

            return base.CreateTimer(callback, state, isSilence || dueTime <= TimeSpan.Zero ? dueTime : TimeSpan.FromMilliseconds(1), period);
        }
    }
}
