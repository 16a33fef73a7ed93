using System.Text;
using Distil.Core.Artifacts;

namespace Distil.Core.Tests.Artifacts;

public sealed class AppendLogTests : IDisposable
{
    private const string Blob = "runs/a/journal/run.jsonl";
    private readonly InMemoryBlobService _service = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Content => Encoding.UTF8.GetString(_service.Blobs[Blob]);

    public void Dispose() => _service.Dispose();

    [Fact]
    public async Task Grows_by_what_is_added()
    {
        var log = await OpenAsync();
        await log.AppendAsync("one "u8.ToArray(), Cancel);
        await log.AppendAsync("two"u8.ToArray(), Cancel);
        Assert.Equal("one two", Content);
        Assert.Equal("one two", Encoding.UTF8.GetString(await _service.OpenStore().OpenLog(Blob).ReadAsync(Cancel)));
    }

    [Fact]
    public async Task A_block_that_was_stored_without_an_answer_is_stored_once()
    {
        var log = await OpenAsync();
        await log.AppendAsync("one "u8.ToArray(), Cancel);
        _service.Blobs[Blob] = "one two "u8.ToArray(); // the first attempt
        await log.AppendAsync("two "u8.ToArray(), Cancel);
        await log.AppendAsync("three"u8.ToArray(), Cancel);
        Assert.Equal("one two three", Content);
    }

    [Theory]
    [InlineData("one other")]
    [InlineData("on")]
    public async Task A_second_writer_is_found_out(string content)
    {
        var log = await OpenAsync();
        await log.AppendAsync("one "u8.ToArray(), Cancel);
        _service.Blobs[Blob] = Encoding.UTF8.GetBytes(content);
        var error = await Assert.ThrowsAsync<ArtifactException>(() => log.AppendAsync("two"u8.ToArray(), Cancel));
        Assert.Equal(Blob, Assert.Single(error.Blobs));
        Assert.Equal(content, Content);
    }

    [Theory]
    [InlineData("appended")]
    [InlineData("read")]
    [InlineData("replaced")]
    public async Task One_that_was_deleted_is_not_begun_again_in_the_middle(string before)
    {
        var log = await OpenAsync();
        if (before == "appended")
        {
            await log.AppendAsync("one "u8.ToArray(), Cancel);
        }
        else if (before == "replaced")
        {
            await log.ReplaceAsync("one "u8.ToArray(), Cancel);
        }
        else
        {
            _service.Blobs[Blob] = "one "u8.ToArray();
            Assert.Equal(4, (await log.ReadAsync(Cancel)).Length);
        }

        _service.Blobs.Clear();
        await Assert.ThrowsAsync<ArtifactException>(() => log.AppendAsync("two"u8.ToArray(), Cancel));
        Assert.Empty(_service.Blobs);
    }

    [Fact]
    public async Task Is_replaced_as_a_whole()
    {
        var log = await OpenAsync();
        await log.AppendAsync("damaged"u8.ToArray(), Cancel);
        await log.ReplaceAsync("whole "u8.ToArray(), Cancel);
        await log.AppendAsync("again"u8.ToArray(), Cancel);
        Assert.Equal("whole again", Content);
    }

    private async Task<AppendLog> OpenAsync()
    {
        var log = _service.OpenStore().OpenLog(Blob);
        Assert.Empty(await log.ReadAsync(Cancel));
        return log;
    }
}
