using Azure;
using Distil.Core.Artifacts;

namespace Distil.Core.Tests.Artifacts;

public sealed class StreamingUploadTests : IDisposable
{
    private const string Blob = "data/grown.bin";

    private readonly InMemoryBlobService _service = new();
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _folder.Dispose();
        _service.Dispose();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1000)]
    [InlineData(StreamingUpload.BlockBytes)]
    [InlineData((3 * StreamingUpload.BlockBytes) + 7)]
    public async Task What_was_uploaded_while_it_grew_is_the_file(int bytes)
    {
        var (store, content) = (_service.OpenStore(), Content(bytes));
        var path = _folder.Write("grown.bin", "");
        ArtifactFile file;
        await using (var upload = store.BeginUpload(Blob, path, Cancel))
        {
            await using var writing = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.Read | FileShare.Delete, bufferSize: 0);
            foreach (var piece in content.Chunk(3_000_001))
            {
                await writing.WriteAsync(piece, Cancel);
                upload.Grown(writing.Position);
            }

            File.Move(path, path + ".moved"); // as a writer does when it has finished
            file = await upload.CompleteAsync(bytes);
        }

        await store.DownloadAsync(file, path, Cancel);
        Assert.Equal((Blob, (long)bytes), (file.Name, file.Bytes));
        Assert.True((await File.ReadAllBytesAsync(path, Cancel)).SequenceEqual(content));
    }

    [Fact]
    public async Task Blocks_go_up_before_the_end_and_the_blob_appears_at_it()
    {
        var store = _service.OpenStore();
        var path = Path.Combine(_folder.Path, "grown.bin");
        await File.WriteAllBytesAsync(path, Content(2 * StreamingUpload.BlockBytes), Cancel);
        await using var upload = store.BeginUpload(Blob, path, Cancel);
        upload.Grown(StreamingUpload.BlockBytes + 1);
        while (_service.StagedBlocks == 0)
        {
            await Task.Delay(5, Cancel);
        }

        Assert.Empty(_service.Blobs);
        await upload.CompleteAsync(2 * StreamingUpload.BlockBytes);
        Assert.Equal(2, _service.StagedBlocks);
        Assert.Equal([Blob], _service.Blobs.Keys);
    }

    [Fact]
    public async Task What_is_not_completed_leaves_the_blob_as_it_was()
    {
        var store = _service.OpenStore();
        await store.WriteTextAsync(Blob, "before", cancel: Cancel);
        var path = Path.Combine(_folder.Path, "grown.bin");
        await File.WriteAllBytesAsync(path, Content(2 * StreamingUpload.BlockBytes), Cancel);
        await using (var upload = store.BeginUpload(Blob, path, Cancel))
        {
            upload.Grown(2 * StreamingUpload.BlockBytes);
            while (_service.StagedBlocks < 2)
            {
                await Task.Delay(5, Cancel);
            }
        }

        Assert.Equal("before", await store.TryReadTextAsync(Blob, Cancel));
    }

    [Fact]
    public async Task Passing_faults_are_tried_again_and_lasting_ones_end_the_work()
    {
        var store = _service.OpenStore();
        var path = _folder.Write("grown.bin", "content");
        _service.Faults = 3;
        await using (var upload = store.BeginUpload(Blob, path, Cancel))
        {
            Assert.Equal(7, (await upload.CompleteAsync(7)).Bytes);
        }

        _service.Blobs.Clear();
        await File.WriteAllBytesAsync(path, Content(StreamingUpload.BlockBytes), Cancel);
        _service.Faults = int.MaxValue;
        await using var failing = store.BeginUpload(Blob, path, Cancel);
        await Assert.ThrowsAsync<RequestFailedException>(async () =>
        {
            for (; ; await Task.Delay(5, Cancel))
            {
                failing.Grown(StreamingUpload.BlockBytes);
            }
        });
        await Assert.ThrowsAsync<RequestFailedException>(() => failing.CompleteAsync(StreamingUpload.BlockBytes));
        Assert.Empty(_service.Blobs);
    }

    [Fact]
    public async Task A_file_shorter_than_was_said_is_no_upload()
    {
        var store = _service.OpenStore();
        await using var upload = store.BeginUpload(Blob, _folder.Write("grown.bin", "content"), Cancel);
        var error = await Assert.ThrowsAsync<EndOfStreamException>(() => upload.CompleteAsync(8));
        Assert.Contains($"{Blob}: its file ends at 7 bytes; 8 were said to be written", error.Message);
        Assert.Empty(_service.Blobs);
    }

    [Fact]
    public async Task Two_uploads_of_one_blob_at_once_do_not_mix_their_blocks()
    {
        var store = _service.OpenStore();
        await using var first = store.BeginUpload(Blob, _folder.Write("first.bin", new string('1', StreamingUpload.BlockBytes)), Cancel);
        first.Grown(StreamingUpload.BlockBytes);
        while (_service.StagedBlocks == 0)
        {
            await Task.Delay(5, Cancel);
        }

        await using var second = store.BeginUpload(Blob, _folder.Write("second.bin", new string('2', StreamingUpload.BlockBytes)), Cancel);
        await second.CompleteAsync(StreamingUpload.BlockBytes);
        await first.CompleteAsync(StreamingUpload.BlockBytes);
        Assert.All(_service.Blobs[Blob].Distinct(), one => Assert.Equal((byte)'1', one));
    }

    private static byte[] Content(int bytes)
    {
        var content = new byte[bytes];
        new Random(bytes).NextBytes(content);
        return content;
    }
}
