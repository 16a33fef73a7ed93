using Distil.Core.Errors;
using Distil.Core.Http;
using Distil.Core.Hub;

namespace Distil.Core.Tests.Hub;

/// <summary>How a file is downloaded into the cache.</summary>
public sealed class HubDownloadTests : HubFixture
{
    private const int Length = 3_000_000;

    [Fact]
    public async Task The_cache_is_laid_out_as_huggingface_hubs()
    {
        var small = LocalHubFile.Small("small\n");
        var path = await PinAsync(("data/large.bin", File()), ("small.txt", small));
        var large = await Client().FetchAsync(path with { Path = "data/large.bin" }, cancel: Cancel);
        await Client().FetchAsync(path with { Path = "small.txt" }, cancel: Cancel);

        var folder = Path.Combine(Cache, "datasets--o--n");
        Assert.Equal(Path.Combine(folder, "snapshots", path.Revision, "data", "large.bin"), large);
        Assert.Equal($"../../../blobs/{File().Sha256}", new FileInfo(large).LinkTarget);
        Assert.Equal($"../../blobs/{small.GitId}", new FileInfo(Path.Combine(folder, "snapshots", path.Revision, "small.txt")).LinkTarget);
        Assert.Equal(File().Content, await System.IO.File.ReadAllBytesAsync(large, Cancel));
        Assert.Equal([small.GitId, File().Sha256], Directory.GetFiles(Path.Combine(folder, "blobs")).Select(Path.GetFileName).OrderBy(name => name!.Length));
        Assert.Equal(path.Revision, await System.IO.File.ReadAllTextAsync(Path.Combine(folder, "refs", "main"), Cancel));
        Assert.True(System.IO.File.Exists(Path.Combine(Cache, ".locks", "datasets--o--n", $"{File().Sha256}.lock")));
    }

    [Fact]
    public async Task What_Python_fetched_is_used_and_nothing_is_asked()
    {
        var path = await PinAsync(("a.bin", File()));
        var folder = Path.Combine(Cache, "datasets--o--n");
        Directory.CreateDirectory(Path.Combine(folder, "blobs"));
        Directory.CreateDirectory(Path.Combine(folder, "snapshots", path.Revision));
        await System.IO.File.WriteAllTextAsync(Path.Combine(folder, "blobs", File().Sha256), "as Python left it", Cancel);
        System.IO.File.CreateSymbolicLink(Path.Combine(folder, "snapshots", path.Revision, "a.bin"), $"../../blobs/{File().Sha256}");
        Hub.Requests.Clear();
        Assert.Equal(
            "as Python left it", await System.IO.File.ReadAllTextAsync(await Client().FetchAsync(path with { Path = "a.bin" }, cancel: Cancel), Cancel));
        Assert.Empty(Hub.Requests);
    }

    [Fact]
    public async Task Content_that_another_revision_brought_is_linked_and_not_fetched_again()
    {
        var repository = Hub.Add("datasets/o/n");
        repository.Commit("v1", ("a.bin", File()));
        repository.Commit("v2", ("b.bin", File()));
        foreach (var path in new[] { "hf://o/n@v1/a.bin", "hf://o/n@v2/b.bin" })
        {
            Assert.Equal(File().Content, await ReadAsync(await Client().PinAsync(Dataset(path), Cancel)));
        }

        Assert.Single(Hub.Requests, request => request.StartsWith("GET storage", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_token_goes_to_the_hub_and_never_to_the_storage_it_redirects_to()
    {
        await ReadAsync((await PinAsync(("a.bin", File()))) with { Path = "a.bin" });
        Assert.All(Hub.Requests, request => Assert.Equal(request.Contains(" hub ", StringComparison.Ordinal), request.EndsWith('*')));
        Assert.Contains(Hub.Requests, request => request.StartsWith("GET storage", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_download_that_is_cut_goes_on_where_it_was()
    {
        Hub.Cuts.Enqueue(1_000_000);
        Hub.Cuts.Enqueue(1_200_000);
        var path = await PinAsync(("a.bin", File()));
        Assert.Equal(File().Content, await ReadAsync(path with { Path = "a.bin" }));
        var ranges = Hub.Requests.Where(request => request.StartsWith("GET storage", StringComparison.Ordinal))
            .Select(request => request.Split("bytes=").ElementAtOrDefault(1)).ToList();
        Assert.Equal(3, ranges.Count);
        Assert.Null(ranges[0]);
        Assert.All(ranges.Skip(1), range => Assert.InRange(int.Parse(range!.TrimEnd('-'), System.Globalization.CultureInfo.InvariantCulture), 1, 2_200_000));
        Assert.Contains("going on from there", Logged[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_later_program_goes_on_where_an_earlier_one_was_stopped()
    {
        var path = (await PinAsync(("a.bin", File()))) with { Path = "a.bin" };
        using (var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel))
        {
            Hub.Cuts.Enqueue(2_000_000);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(
                () => new HubStopper(stop, Client(change => change with { Retries = new RetryOptions { Pause = TimeSpan.FromMinutes(5) } })).FetchAsync(path));
        }

        var partial = Path.Combine(Cache, "datasets--o--n", "blobs", File().Sha256 + ".incomplete");
        Assert.InRange(new FileInfo(partial).Length, 1, 2_000_000);
        var had = new FileInfo(partial).Length;
        Hub.Requests.Clear();
        Assert.Equal(File().Content, await ReadAsync(path));
        Assert.Contains($"GET storage /{File().Sha256} bytes={had}-", Hub.Requests);
        Assert.False(System.IO.File.Exists(partial));
    }

    [Fact]
    public async Task A_storage_that_sends_only_whole_files_is_read_from_the_beginning()
    {
        Hub.IgnoresRanges = true;
        Hub.Cuts.Enqueue(1_000_000);
        Assert.Equal(File().Content, await ReadAsync((await PinAsync(("a.bin", File()))) with { Path = "a.bin" }));
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    public async Task Bytes_that_are_not_what_the_hub_says_are_fetched_once_more_and_then_refused(int damages, bool refused)
    {
        Hub.Damages = damages;
        var path = (await PinAsync(("a.bin", File()))) with { Path = "a.bin" };
        if (refused)
        {
            var error = await Assert.ThrowsAsync<RemoteException>(() => ReadAsync(path));
            Assert.Contains($"the hub says {File().Sha256}", error.Message, StringComparison.Ordinal);
            Assert.Empty(Directory.GetFiles(Path.Combine(Cache, "datasets--o--n", "blobs")));
        }
        else
        {
            Assert.Equal(File().Content, await ReadAsync(path));
        }
    }

    [Fact]
    public async Task A_left_over_that_is_wrong_does_not_spoil_the_file()
    {
        var path = (await PinAsync(("a.bin", File()))) with { Path = "a.bin" };
        var partial = Path.Combine(Cache, "datasets--o--n", "blobs", File().Sha256 + ".incomplete");
        Directory.CreateDirectory(Path.GetDirectoryName(partial)!);
        await System.IO.File.WriteAllBytesAsync(partial, new byte[1000], Cancel);
        Assert.Equal(File().Content, await ReadAsync(path));
    }

    [Fact]
    public async Task Two_programs_fetch_a_file_once()
    {
        Hub.Delay = TimeSpan.FromMilliseconds(300);
        var path = (await PinAsync(("a.bin", File()))) with { Path = "a.bin" };
        var both = await Task.WhenAll(ReadAsync(path), ReadAsync(path));
        Assert.All(both, content => Assert.Equal(File().Content, content));
        Assert.Single(Hub.Requests, request => request.StartsWith("GET storage", StringComparison.Ordinal));
        Assert.Contains(Logged, words => words.Contains("another program fetches it", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_disk_without_room_is_an_error_before_a_byte_is_fetched()
    {
        var path = (await PinAsync(("a.bin", File()))) with { Path = "a.bin" };
        var error = await Assert.ThrowsAsync<InvalidInputException>(() => Client(freeBytes: 1_000_000).FetchAsync(path, cancel: Cancel));
        Assert.Contains("has no room for its 3,000,000 bytes; free some, or set HF_HUB_CACHE", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Hub.Requests, request => request.StartsWith("GET storage", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Progress_rises_to_the_files_length()
    {
        var seen = new List<TransferProgress>();
        await Client().FetchAsync((await PinAsync(("a.bin", File()))) with { Path = "a.bin" }, new Sink(seen.Add), Cancel);
        Assert.Equal(new TransferProgress("a.bin", Length, Length), seen[^1]);
        Assert.Equal(seen.Select(each => each.Done).Order(), seen.Select(each => each.Done));
    }

    [Fact]
    public async Task An_empty_file_is_a_file()
    {
        var path = await PinAsync(("empty.txt", LocalHubFile.Small("")), ("large.bin", new LocalHubFile([])));
        Assert.Empty(await ReadAsync(path with { Path = "empty.txt" }));
        Assert.Empty(await ReadAsync(path with { Path = "large.bin" }));
    }

    private static LocalHubFile File() => new(Bytes(Length));

    private async Task<HubPath> PinAsync(params (string, LocalHubFile)[] files)
    {
        Hub.Add("datasets/o/n").Commit("main", files);
        return await Client().PinAsync(Dataset("hf://o/n"), Cancel);
    }

    private async Task<byte[]> ReadAsync(HubPath path) => await System.IO.File.ReadAllBytesAsync(await Client().FetchAsync(path, cancel: Cancel), Cancel);

    /// <summary>Stops a download as soon as it has received something and waits.</summary>
    private sealed class HubStopper(CancellationTokenSource stop, HubClient client)
    {
        public Task<string> FetchAsync(HubPath path) => client.FetchAsync(path, new Sink(_ => stop.CancelAfter(200)), stop.Token);
    }

    private sealed class Sink(Action<TransferProgress> act) : IProgress<TransferProgress>
    {
        public void Report(TransferProgress value) => act(value);
    }
}
