using System.Text;
using Distil.Core.Artifacts;

namespace Distil.Core.Tests.Artifacts;

public sealed class ArtifactReaderTests : IDisposable
{
    private const string Blob = "runs/a/metrics.jsonl";
    private readonly InMemoryBlobService _service = new();
    private readonly ArtifactReader _reader;

    public ArtifactReaderTests() => _reader = new ArtifactReader(_service.OpenStore());

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _service.Dispose();

    [Fact]
    public async Task A_blob_is_opened_with_its_length_and_a_tag_that_changes_with_it()
    {
        _service.Blobs[Blob] = "abc"u8.ToArray();
        var first = (await _reader.TryOpenAsync(Blob, Cancel))!;
        using var text = new StreamReader(first.Content);
        Assert.Equal(("abc", 3), (await text.ReadToEndAsync(Cancel), first.Bytes));
        Assert.Matches("^\".+\"$", first.ETag);

        _service.Blobs[Blob] = "abd"u8.ToArray();
        var changed = (await _reader.TryOpenAsync(Blob, Cancel))!;
        await changed.Content.DisposeAsync();
        Assert.NotEqual(first.ETag, changed.ETag);
    }

    [Theory]
    [InlineData(0, 2, "ab")]
    [InlineData(1, 1, "b")]
    [InlineData(1, 100, "bc")]
    [InlineData(3, 1, "")]
    [InlineData(100, 1, "")]
    public async Task A_part_ends_with_the_blob(long offset, int most, string expected)
    {
        _service.Blobs[Blob] = "abc"u8.ToArray();
        Assert.Equal(expected, Encoding.UTF8.GetString(await _reader.ReadPartAsync(Blob, offset, most, Cancel)));
    }

    [Fact]
    public async Task A_missing_blob_is_not_opened_and_has_no_parts()
    {
        Assert.Null(await _reader.TryOpenAsync(Blob, Cancel));
        Assert.Empty(await _reader.ReadPartAsync(Blob, 0, 1, Cancel));
    }
}
