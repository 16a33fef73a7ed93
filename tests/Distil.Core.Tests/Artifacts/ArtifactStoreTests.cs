using Azure;
using Azure.Storage.Blobs;
using Distil.Core.Artifacts;
using Distil.Core.Http;
using Distil.Core.Runs;

namespace Distil.Core.Tests.Artifacts;

public sealed class ArtifactStoreTests : IDisposable
{
    private readonly InMemoryBlobService _service = new();
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _folder.Dispose();
        _service.Dispose();
    }

    [Fact]
    public async Task A_changed_blob_is_named_with_both_checksums_and_leaves_nothing_behind()
    {
        var store = _service.OpenStore();
        var file = await store.UploadAsync("data/a.bin", _folder.Write("a.bin", "abc"), Cancel);
        _service.Blobs["data/a.bin"] = "abd"u8.ToArray();

        var error = await Assert.ThrowsAsync<ArtifactException>(() => store.DownloadAsync(file, Path.Combine(_folder.Path, "b.bin"), Cancel));

        Assert.Equal("data/a.bin: this blob has SHA-256 a52d159f262b…, its manifest says ba7816bf8f01…", error.Message);
        Assert.Equal(["a.bin"], Directory.EnumerateFiles(_folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public async Task A_truncated_blob_is_named_with_both_sizes()
    {
        var store = _service.OpenStore();
        var file = await store.UploadAsync("data/a.bin", _folder.Write("a.bin", "abc"), Cancel);
        _service.Blobs["data/a.bin"] = "ab"u8.ToArray();
        var error = await Assert.ThrowsAsync<ArtifactException>(() => store.DownloadAsync(file, Path.Combine(_folder.Path, "b.bin"), Cancel));
        Assert.Equal("data/a.bin: this blob has 2 bytes, its manifest says 3", error.Message);
    }

    [Fact]
    public async Task A_missing_blob_is_null_where_it_may_be_missing_and_an_error_where_not()
    {
        var store = _service.OpenStore();
        Assert.Null(await store.TryReadJsonAsync<ArtifactFile>("no.json", Cancel));
        Assert.Null(await store.TryReadTextAsync("no.txt", Cancel));
        Assert.False(await store.ExistsAsync("no.json", Cancel));
        var error = await Assert.ThrowsAsync<ArtifactException>(() => store.ReadJsonAsync<ArtifactFile>("no.json", Cancel));
        Assert.Equal("no.json", Assert.Single(error.Blobs));
        error = await Assert.ThrowsAsync<ArtifactException>(() => store.DownloadAsync(new("no.bin", 1, "00"), Path.Combine(_folder.Path, "b"), Cancel));
        Assert.Equal("no.bin: this blob is missing", error.Message);
    }

    [Fact]
    public async Task A_document_with_an_unknown_field_is_an_error_that_names_the_blob()
    {
        var store = _service.OpenStore();
        await store.WriteTextAsync("a.json", """{"name":"x","bytes":1,"sha256":"00","size":2}""", cancel: Cancel);
        var error = await Assert.ThrowsAsync<ArtifactException>(() => store.ReadJsonAsync<ArtifactFile>("a.json", Cancel));
        Assert.StartsWith("a.json: ", error.Message);
        Assert.Contains("size", error.Message);
    }

    [Fact]
    public async Task Passing_faults_of_the_service_are_not_seen()
    {
        var store = _service.OpenStore();
        _service.Faults = 3;
        await store.WriteTextAsync("a.txt", "text", cancel: Cancel);
        _service.Faults = 3;
        Assert.Equal("text", await store.TryReadTextAsync("a.txt", Cancel));
    }

    [Fact]
    public void A_jobs_request_says_which_container_it_is_in()
    {
        var (store, blob) = ArtifactStore.OpenFor(new Uri("https://account.blob.core.windows.net/box/runs/r/jobs/j/request.json"), connectionString: null);
        Assert.Equal("runs/r/jobs/j/request.json", blob);
        Assert.Equal("https://account.blob.core.windows.net/box/runs/r/spec.json", store.UriOf(ArtifactLayout.Spec("r")).ToString());
    }

    [Theory]
    [InlineData("https://account.blob.core.windows.net/box", "is not the URI of a blob")]
    [InlineData("http://127.0.0.1:10000/account/box/a.json", "AZURE_STORAGE_CONNECTION_STRING is not set")]
    public void A_request_that_cannot_be_opened_is_refused(string uri, string message) =>
        Assert.Contains(
            message, Assert.Throws<Distil.Core.Errors.InvalidInputException>(() => ArtifactStore.OpenFor(new Uri(uri), connectionString: null)).Message);

    [Theory]
    [InlineData(null, "AZURE_STORAGE_CONNECTION_STRING is not set")]
    [InlineData("UseDevelopment", "AZURE_STORAGE_CONNECTION_STRING cannot be read")]
    public async Task A_connection_string_that_opens_nothing_is_refused(string? connection, string message) =>
        Assert.Contains(
            message, (await Assert.ThrowsAsync<Distil.Core.Errors.InvalidInputException>(() => ArtifactStore.OpenAsync(connection, cancel: Cancel))).Message);

    [Fact]
    public void A_connection_string_opens_the_container_of_a_request()
    {
        const string Account = "AccountName=account;AccountKey=a2V5;BlobEndpoint=http://127.0.0.1:10000/account";
        var (store, blob) = ArtifactStore.OpenFor(new Uri("http://127.0.0.1:10000/account/box/runs/r/spec.json"), Account);
        Assert.Equal(("runs/r/spec.json", "http://127.0.0.1:10000/account/box"), (blob, store.Uri.ToString()));
    }

    [Fact]
    public async Task A_storage_that_hangs_is_named_when_a_documents_time_is_over()
    {
        using var hanging = new Hanging();
        var store = new ArtifactStore(_service.OpenStore(hanging).Container) { Deadline = TimeSpan.FromMilliseconds(200) };
        foreach (var operation in (Func<Task>[])
        [
            () => store.TryReadTextAsync("a.txt", Cancel), () => store.WriteTextAsync("a.txt", "b", cancel: Cancel), () => store.ExistsAsync("a.txt", Cancel),
            () => store.TryReadJsonAsync<RunStatus>("a.txt", Cancel),
        ])
        {
            var late = await Assert.ThrowsAsync<RequestFailedException>(operation);
            Assert.Equal((408, "storage account at 127.0.0.1:10000 does not answer: nothing came for a.txt within 0.2 seconds"), (late.Status, late.Message.Split('\n')[0]));
        }
    }

    [Fact]
    public async Task A_storage_that_cannot_be_reached_is_named_in_one_sentence()
    {
        var options = ArtifactStore.ClientOptions();
        options.Retry.MaxRetries = 1;
        options.Retry.Delay = TimeSpan.FromMilliseconds(1);
        var store = new ArtifactStore(new BlobContainerClient(new Uri("http://127.0.0.1:1/account/distil"), options));
        var error = await Assert.ThrowsAsync<RequestFailedException>(() => store.TryReadTextAsync("a.txt", Cancel));
        Assert.StartsWith("storage account at 127.0.0.1:1 does not answer: Connection refused", error.Message, StringComparison.Ordinal);
        var report = FaultReport.Of(error);
        Assert.Equal(1, report.ExitCode);
        Assert.DoesNotContain("\n", report.Message, StringComparison.Ordinal);
    }

    private sealed class Hanging : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            throw new InvalidOperationException();
        }
    }
}
