using System.Text;
using Distil.Core.Artifacts;

namespace Distil.Contracts;

/// <summary>What the store must do over every blob service.</summary>
public abstract class ArtifactStoreContract
{
    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Opens this test's container, which begins empty.</summary>
    internal abstract Task<ArtifactStore> OpenAsync(DelegatingHandler? between = null);

    [Fact]
    public async Task A_document_comes_back_as_it_was_written()
    {
        var store = await OpenAsync();
        await store.WriteJsonAsync("a/b.json", new ArtifactFile("x", 3, "00"), Cancel);
        await store.WriteJsonAsync("a/b.json", new ArtifactFile("y", 4, "01"), Cancel);
        Assert.Equal(new ArtifactFile("y", 4, "01"), await store.ReadJsonAsync<ArtifactFile>("a/b.json", Cancel));
    }

    [Fact]
    public async Task Only_the_first_of_two_creations_counts()
    {
        var store = await OpenAsync();
        Assert.True(await store.TryCreateJsonAsync("a.json", new ArtifactFile("first", 1, "00"), Cancel));
        Assert.False(await store.TryCreateJsonAsync("a.json", new ArtifactFile("second", 2, "00"), Cancel));
        Assert.Equal("first", (await store.ReadJsonAsync<ArtifactFile>("a.json", Cancel)).Name);
    }

    [Fact]
    public async Task Of_many_creations_at_once_one_counts()
    {
        var store = await OpenAsync();
        var created = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => store.TryCreateJsonAsync("a.json", new ArtifactFile($"{i}", i, "00"), Cancel)));
        var first = Array.IndexOf(created, true);
        Assert.Single(created, won => won);
        Assert.Equal($"{first}", (await store.ReadJsonAsync<ArtifactFile>("a.json", Cancel)).Name);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1000)]
    [InlineData((20 << 20) + 7)] // several blocks
    public async Task A_file_comes_back_as_it_was_uploaded(int bytes)
    {
        var folder = Directory.CreateTempSubdirectory("distil-contract-");
        try
        {
            var store = await OpenAsync();
            var content = new byte[bytes];
            new Random(1).NextBytes(content);
            var (up, down) = (Path.Combine(folder.FullName, "up.bin"), Path.Combine(folder.FullName, "new", "down.bin"));
            await File.WriteAllBytesAsync(up, content, Cancel);
            var file = await store.UploadAsync("data/up.bin", up, Cancel);

            await store.DownloadAsync(file, down, Cancel);

            Assert.Equal(bytes, file.Bytes);
            Assert.True((await File.ReadAllBytesAsync(down, Cancel)).SequenceEqual(content));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_missing_blob_is_null_if_it_may_be_missing_and_else_an_error()
    {
        var store = await OpenAsync();
        Assert.Null(await store.TryReadJsonAsync<ArtifactFile>("no.json", Cancel));
        Assert.Null(await store.TryReadTextAsync("no.txt", Cancel));
        Assert.False(await store.ExistsAsync("no.json", Cancel));
        var error = await Assert.ThrowsAsync<ArtifactException>(() => store.ReadJsonAsync<ArtifactFile>("no.json", Cancel));
        Assert.Equal("no.json", Assert.Single(error.Blobs));
        await store.DeleteAsync("no.json", Cancel);
    }

    [Fact]
    public async Task Lists_in_order_what_begins_with_a_prefix_and_is_not_deleted()
    {
        var store = await OpenAsync();
        foreach (var name in new[] { "b/2", "a/1", "b/gone", "b/1", "c" })
        {
            await store.WriteTextAsync(name, "", cancel: Cancel);
        }

        await store.DeleteAsync("b/gone", Cancel);

        Assert.Equal(["b/1", "b/2"], await store.ListAsync("b/", Cancel).Select(blob => blob.Name).ToListAsync(Cancel));
    }

    [Fact]
    public async Task A_log_grows_at_its_end_alone()
    {
        var store = await OpenAsync();
        var (log, second) = (store.OpenLog("log"), store.OpenLog("log"));
        Assert.Empty(await log.ReadAsync(Cancel));
        await log.AppendAsync("one "u8.ToArray(), Cancel);
        Assert.Equal("one ", Encoding.UTF8.GetString(await second.ReadAsync(Cancel)));
        await log.AppendAsync("two "u8.ToArray(), Cancel);

        await Assert.ThrowsAsync<ArtifactException>(() => second.AppendAsync("other"u8.ToArray(), Cancel));

        Assert.Equal("one two ", await store.TryReadTextAsync("log", Cancel));
        await log.ReplaceAsync("new"u8.ToArray(), Cancel);
        Assert.Equal("new", await store.TryReadTextAsync("log", Cancel));
    }
}
