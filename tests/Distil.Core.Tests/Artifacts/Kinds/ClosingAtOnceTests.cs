using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Kinds;

namespace Distil.Core.Tests.Artifacts.Kinds;

/// <summary>A manifest that somebody else changes while it is compared with the shards.</summary>
public sealed class ClosingAtOnceTests : IDisposable
{
    private static readonly TeacherOutputs Outputs = new("t", new Dataset("d", Shards: 1));

    private readonly InMemoryBlobService _service = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _service.Dispose();

    [Fact]
    public async Task A_manifest_that_is_deleted_before_it_is_read_is_written_again()
    {
        await TeachAsync("aa");
        await CloseAsync();
        await CloseAsync(new Before(HttpMethod.Get, () => _service.OpenStore().DeleteAsync(Outputs.Closing, Cancel)));
        Assert.Equal("aa", await ChecksumAsync());
    }

    [Fact]
    public async Task A_manifest_over_newer_shards_is_not_replaced_by_one_over_older()
    {
        await TeachAsync("aa");
        await CloseAsync();
        await TeachAsync("bb");
        await CloseAsync(new Before(HttpMethod.Put, async () =>
        {
            await TeachAsync("cc");
            await CloseAsync();
        }));
        Assert.Equal("cc", await ChecksumAsync());
    }

    [Fact]
    public async Task A_manifest_that_is_deleted_before_it_is_replaced_is_written_anew()
    {
        await TeachAsync("aa");
        await CloseAsync();
        await TeachAsync("bb");
        await CloseAsync(new Before(HttpMethod.Put, () => _service.OpenStore().DeleteAsync(Outputs.Closing, Cancel)));
        Assert.Equal("bb", await ChecksumAsync());
    }

    private async Task CloseAsync(Before? between = null)
    {
        Assert.Equal(new CloseOutput(), await Outputs.CloseAsync(_service.OpenStore(between), Cancel));
        Assert.True(between is null or { HasActed: true });
    }

    private async Task<string> ChecksumAsync() =>
        (await _service.OpenStore().ReadJsonAsync<TeacherOutputsManifest>(Outputs.Closing, Cancel)).Shards[0].File!.Sha256;

    private Task TeachAsync(string checksum) => _service.OpenStore().WriteJsonAsync(
        Outputs.PartAt(0).Closing,
        new TeacherOutputsShard { Index = 0, File = new ArtifactFile("x", 1, checksum), Rows = 1, Tokens = 2, MeanKeptTokens = 1, CappedShare = 0 },
        Cancel);

    /// <summary>Acts once, just before the manifest is read, or before one that exists is replaced.</summary>
    private sealed class Before(HttpMethod method, Func<Task> act) : DelegatingHandler
    {
        public bool HasActed { get; private set; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel)
        {
            if (!HasActed && request.Method == method && request.Headers.IfNoneMatch.Count == 0
                && request.RequestUri!.AbsolutePath.EndsWith(Outputs.Closing, StringComparison.Ordinal))
            {
                HasActed = true;
                await act();
            }

            return await base.SendAsync(request, cancel);
        }
    }
}
