using System.Diagnostics;
using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Kinds;

namespace Distil.Core.Tests.Artifacts;

public sealed class ArtifactCacheTests : IDisposable
{
    private readonly InMemoryBlobService _service = new();
    private readonly TemporaryFolder _folder = new();
    private readonly ArtifactStore _store;
    private readonly ArtifactCache _cache;

    public ArtifactCacheTests() => (_store, _cache) = (_service.OpenStore(), new ArtifactCache(Folder));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Folder => Path.Combine(_folder.Path, "cache");

    public void Dispose()
    {
        _folder.Dispose();
        _service.Dispose();
    }

    [Theory]
    [InlineData("")]
    [InlineData("ab")]
    [InlineData("../../../../../../../../../../../../../../../../../../../../tmp/x")] // as long as a checksum
    [InlineData("BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD")]
    [InlineData("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad0")]
    public async Task An_invalid_checksum_never_becomes_a_path(string checksum)
    {
        var error = await Assert.ThrowsAsync<ArtifactException>(() => GetAsync(new ArtifactFile("datasets/d/tokens-00000.bin", 1, checksum)));
        Assert.Contains("64 lower-case hexadecimal digits", error.Message);
    }

    [Fact]
    public async Task A_file_is_downloaded_once_and_keeps_its_extension()
    {
        var file = await StoreAsync("a.bin", "abc");
        var path = await GetAsync(file);
        _service.Blobs.Clear();

        Assert.Equal(path, await GetAsync(file));
        Assert.Equal(path, await new ArtifactCache(Folder).GetAsync(_store, file, Cancel));

        Assert.Equal("abc", await File.ReadAllTextAsync(path, Cancel));
        Assert.Equal(file.Sha256 + ".bin", Path.GetFileName(path));
    }

    [Theory]
    [InlineData("ab")]
    [InlineData("abd")]
    [InlineData("abcd")]
    public async Task A_copy_that_was_changed_is_downloaded_again(string damaged)
    {
        var file = await StoreAsync("a.bin", "abc");
        var path = await GetAsync(file);
        await File.WriteAllTextAsync(path, damaged, Cancel);
        File.SetLastWriteTimeUtc(path, DateTime.UnixEpoch);

        Assert.Equal(path, await GetAsync(file));
        Assert.Equal("abc", await File.ReadAllTextAsync(path, Cancel));
    }

    [Fact]
    public async Task An_uploaded_file_moves_into_the_cache()
    {
        var local = _folder.Write("a.bin", "abc");
        var file = await _cache.UploadAsync(_store, "data/a.bin", local, Cancel);
        Assert.False(File.Exists(local));
        Assert.Equal("abc", await _store.TryReadTextAsync("data/a.bin", Cancel));
        _service.Blobs.Clear();
        Assert.Equal("abc", await File.ReadAllTextAsync(await GetAsync(file), Cancel));

        // A second job may have made the same file.
        _cache.Keep(file, _folder.Write("a.bin", "abc"));
        Assert.Equal("abc", await File.ReadAllTextAsync(await GetAsync(file), Cancel));
    }

    [Fact]
    public async Task Several_files_come_in_order_and_an_absent_one_has_no_path()
    {
        var (a, b) = (await StoreAsync("a.bin", "a"), await StoreAsync("b.bin", "b"));
        var paths = await _cache.GetAllAsync(_store, [b, null, a], Cancel);
        Assert.Equal(["b", null, "a"], paths.Select(path => path is null ? null : File.ReadAllText(path)));
    }

    [Fact]
    public async Task All_missing_files_are_named_together()
    {
        var files = new[] { await StoreAsync("a.bin", "a"), await StoreAsync("b.bin", "b"), await StoreAsync("c.bin", "c") };
        _service.Blobs.TryRemove("data/a.bin", out _);
        _service.Blobs["data/c.bin"] = "d"u8.ToArray();

        var error = await Assert.ThrowsAsync<ArtifactException>(() => _cache.GetAllAsync(_store, files, Cancel));

        Assert.Equal(["data/a.bin", "data/c.bin"], error.Blobs);
        Assert.Equal("data/a.bin: this blob is missing (and 1 more)", error.Message);
        var one = await Assert.ThrowsAsync<ArtifactException>(() => _cache.GetAllAsync(_store, files[..2], Cancel));
        Assert.Equal("data/a.bin: this blob is missing", one.Message);
    }

    [Fact]
    public async Task A_copy_is_unused_if_no_remaining_manifest_lists_it()
    {
        var (kept, deleted, unlisted) = (await StoreAsync("a.bin", "a"), await StoreAsync("b.bin", "b"), await StoreAsync("c.bin", "c"));
        var paths = await _cache.GetAllAsync(_store, [kept, deleted, unlisted], Cancel);
        await CloseAsync("kept", kept);
        await CloseAsync("deleted", deleted);
        await _store.WriteTextAsync(ArtifactLayout.DatasetShard("open", 0), "{}", cancel: Cancel);

        Assert.Equal([paths[2]], await FindUnusedAsync());
        Assert.Equal(paths.Skip(1).Order(), await FindUnusedAsync(ArtifactLayout.DatasetManifest("deleted")));
    }

    [Fact]
    public async Task A_jobs_folder_is_unused_when_its_process_has_ended()
    {
        Assert.Empty(await FindUnusedAsync());
        var (first, second) = (_cache.NewFolder(), _cache.NewFolder());
        Assert.NotEqual(first, second);
        await File.WriteAllTextAsync(Path.Combine(first, "weights.bin"), "x", Cancel);
        using var ended = Process.Start("true");
        await ended.WaitForExitAsync(Cancel);
        var left = _folder.Write(Path.Combine("cache", "jobs", $"{ended.Id}-0123", "sub", "weights.bin"), "x");
        var strange = _folder.Write(Path.Combine("cache", "jobs", "strange", "x"), "x");

        var unused = await _cache.FindUnusedAsync(_store, [], Cancel);
        Assert.Equal(new[] { left, strange }.Order(), unused.Select(file => file.FullName).Order());

        ArtifactCache.Delete(unused);
        Assert.Equal(new[] { first, second }.Order(), Directory.EnumerateDirectories(Path.Combine(Folder, "jobs")).Order());
        Assert.True(File.Exists(Path.Combine(first, "weights.bin")));
    }

    private Task<string> GetAsync(ArtifactFile file) => _cache.GetAsync(_store, file, Cancel);

    private Task<ArtifactFile> StoreAsync(string name, string content) => _store.UploadAsync($"data/{name}", _folder.Write(name, content), Cancel);

    private async Task<IEnumerable<string>> FindUnusedAsync(params string[] deleted) =>
        (await _cache.FindUnusedAsync(_store, deleted, Cancel)).Select(file => file.FullName).Order();

    private async Task CloseAsync(string id, ArtifactFile file)
    {
        var rows = new TokenFile(file, Rows: 1, Tokens: 2);
        var shard = new DatasetShard { Index = 0, Train = rows, Eval = rows, Documents = 1, SourceBytes = 1 };
        await _store.WriteJsonAsync(ArtifactLayout.DatasetShard(id, 0), shard, Cancel);
        Assert.Equal(new CloseOutput(), await new Dataset(id, Shards: 1).CloseAsync(_store, Cancel));
    }
}
