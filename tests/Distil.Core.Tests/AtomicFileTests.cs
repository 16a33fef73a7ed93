namespace Distil.Core.Tests;

public sealed class AtomicFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("distil-atomic-").FullName;

    private string Target => Path.Combine(_folder, "below", "file.txt");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_file_appears_whole_and_replaces_the_one_before()
    {
        AtomicFile.WriteText(Target, "first");
        AtomicFile.Write(Target, temporary =>
        {
            File.WriteAllText(temporary, "sec");
            Assert.Equal("first", File.ReadAllText(Target));
            File.AppendAllText(temporary, "ond");
        });

        Assert.Equal("second", File.ReadAllText(Target));
        Assert.Equal([Target], Directory.GetFiles(Path.GetDirectoryName(Target)!));
    }

    [Fact]
    public async Task A_write_that_fails_leaves_the_file_as_it_was_and_nothing_beside_it()
    {
        AtomicFile.WriteLines(Target, ["one", "two"]);

        await Assert.ThrowsAsync<IOException>(() => AtomicFile.WriteAsync(Target, async temporary =>
        {
            await File.WriteAllTextAsync(temporary, "half", TestContext.Current.CancellationToken);
            throw new IOException("the disk is full");
        }));

        Assert.Equal(["one", "two"], File.ReadAllLines(Target));
        Assert.Equal([Target], Directory.GetFiles(Path.GetDirectoryName(Target)!));
    }
}
