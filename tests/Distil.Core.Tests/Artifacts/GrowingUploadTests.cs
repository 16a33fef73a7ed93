using Azure;
using Distil.Core.Artifacts;

namespace Distil.Core.Tests.Artifacts;

public sealed class GrowingUploadTests : IDisposable
{
    private const string Blob = "data/grown.bin";

    private readonly InMemoryBlobService service = new();
    private readonly TemporaryFolder folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        folder.Dispose();
        service.Dispose();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1000)]
    [InlineData(GrowingUpload.BlockBytes)]
    [InlineData((3 * GrowingUpload.BlockBytes) + 7)]
    public async Task What_was_uploaded_while_it_grew_is_the_file(int bytes)
    {
        var (store, content) = (service.OpenStore(), Content(bytes));
        var path = folder.Write("grown.bin", "");
        ArtifactFile file;
        await using (var upload = store.BeginUpload(Blob, path, Cancel))
        {
            await using var writing = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.Read | FileShare.Delete, bufferSize: 0);
            foreach (var piece in content.Chunk(3_000_001))
            {
                await writing.WriteAsync(piece, Cancel);
                upload.Grown(writing.Position);
            }

            File.Move(path, path + ".moved"); // as a writer does that has finished
            file = await upload.CompleteAsync(bytes);
        }

        await store.DownloadAsync(file, path, Cancel);
        Assert.Equal((Blob, (long)bytes), (file.Name, file.Bytes));
        Assert.True((await File.ReadAllBytesAsync(path, Cancel)).SequenceEqual(content));
    }

    [Fact]
    public async Task Blocks_go_up_before_the_end_and_the_blob_appears_at_it()
    {
        var store = service.OpenStore();
        var path = Path.Combine(folder.Path, "grown.bin");
        await File.WriteAllBytesAsync(path, Content(2 * GrowingUpload.BlockBytes), Cancel);
        await using var upload = store.BeginUpload(Blob, path, Cancel);
        upload.Grown(GrowingUpload.BlockBytes + 1);
        while (service.StagedBlocks == 0)
            await Task.Delay(5, Cancel);

        Assert.Empty(service.Blobs);
        await upload.CompleteAsync(2 * GrowingUpload.BlockBytes);
        Assert.Equal(2, service.StagedBlocks);
        Assert.Equal([Blob], service.Blobs.Keys);
    }

    [Fact]
    public async Task What_is_not_completed_leaves_the_blob_as_it_was()
    {
        var store = service.OpenStore();
        await store.WriteTextAsync(Blob, "before", cancel: Cancel);
        var path = Path.Combine(folder.Path, "grown.bin");
        await File.WriteAllBytesAsync(path, Content(2 * GrowingUpload.BlockBytes), Cancel);
        await using (var upload = store.BeginUpload(Blob, path, Cancel))
        {
            upload.Grown(2 * GrowingUpload.BlockBytes);
            while (service.StagedBlocks < 2)
                await Task.Delay(5, Cancel);
        }

        Assert.Equal("before", await store.TryReadTextAsync(Blob, Cancel));
    }

    [Fact]
    public async Task Passing_faults_are_tried_again_and_lasting_ones_end_the_work()
    {
        var store = service.OpenStore();
        var path = folder.Write("grown.bin", "content");
        service.Faults = 3;
        await using (var upload = store.BeginUpload(Blob, path, Cancel))
            Assert.Equal(7, (await upload.CompleteAsync(7)).Bytes);

        service.Blobs.Clear();
        await File.WriteAllBytesAsync(path, Content(GrowingUpload.BlockBytes), Cancel);
        service.Faults = int.MaxValue;
        await using var failing = store.BeginUpload(Blob, path, Cancel);
        await Assert.ThrowsAsync<RequestFailedException>(async () =>
        {
            for (; ; await Task.Delay(5, Cancel))
                failing.Grown(GrowingUpload.BlockBytes);
        });
        await Assert.ThrowsAsync<RequestFailedException>(() => failing.CompleteAsync(GrowingUpload.BlockBytes));
        Assert.Empty(service.Blobs);
    }

    [Fact]
    public async Task A_file_shorter_than_was_said_is_no_upload()
    {
        var store = service.OpenStore();
        await using var upload = store.BeginUpload(Blob, folder.Write("grown.bin", "content"), Cancel);
        var error = await Assert.ThrowsAsync<EndOfStreamException>(() => upload.CompleteAsync(8));
        Assert.Contains($"{Blob}: its file ends at 7 bytes; 8 were said to be written", error.Message);
        Assert.Empty(service.Blobs);
    }

    private static byte[] Content(int bytes)
    {
        var content = new byte[bytes];
        new Random(bytes).NextBytes(content);
        return content;
    }
}
