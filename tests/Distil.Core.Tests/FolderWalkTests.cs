using Distil.Core.Errors;

namespace Distil.Core.Tests;

public sealed class FolderWalkTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_folder_that_vanishes_during_the_walk_is_named()
    {
        var folders = new[] { "one", "two" }.Select(name => Directory.CreateDirectory(Path.Combine(_folder.Path, name)).FullName).ToList();
        folders.ForEach(folder => File.WriteAllText(Path.Combine(folder, "a.txt"), "a"));
        using var files = FolderWalk.Files(_folder.Path, Cancel).GetEnumerator();
        Assert.True(files.MoveNext());
        var other = folders.Single(folder => Path.GetDirectoryName(files.Current) != folder);
        Directory.Delete(other, recursive: true);

        Assert.StartsWith($"{other}: cannot be read", Assert.Throws<InvalidInputException>(() => files.MoveNext()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Links_with_more_ways_than_anybody_can_walk_are_refused()
    {
        for (var i = 0; i < 40; i++)
        {
            _folder.Write($"{i}/a.txt", "a");
            Directory.CreateSymbolicLink(Path.Combine(_folder.Path, $"{i}/left"), $"../{i + 1}");
            Directory.CreateSymbolicLink(Path.Combine(_folder.Path, $"{i}/right"), $"../{i + 1}");
        }

        var error = Assert.Throws<InvalidInputException>(() => FolderWalk.Files(Path.Combine(_folder.Path, "0"), Cancel).Count());
        Assert.Contains("its links lead to", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Folders_that_link_to_each_other_end_the_walk_at_their_identity()
    {
        _folder.Write("x/a.txt", "a");
        _folder.Write("y/b.txt", "b");
        Directory.CreateSymbolicLink(Path.Combine(_folder.Path, "x/other"), "../y");
        Directory.CreateSymbolicLink(Path.Combine(_folder.Path, "y/other"), "../x");
        Assert.Equal(["a.txt", "b.txt"], FolderWalk.Files(Path.Combine(_folder.Path, "x"), Cancel).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void A_walk_ends_when_it_is_cancelled()
    {
        _folder.Write("a.txt", "a");
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.Throws<OperationCanceledException>(() => FolderWalk.Files(_folder.Path, cancelled.Token).Count());
    }
}
