using Distil.Core.Errors;
using Distil.Core.Settings;
using Distil.Core.Sources;

namespace Distil.Core.Tests.Sources;

/// <summary>A local file is read only as the plan found it.</summary>
public sealed class PlannedFilesTests : IDisposable
{
    private static readonly SourceCatalog Catalog = SourceCatalog.Create(new SourceSettings(), TimeProvider.System);

    private readonly TemporaryFolder _folder = new();
    private readonly string _path;

    public PlannedFilesTests()
    {
        _path = Path.Combine(_folder.Path, "a.txt");
        File.WriteAllText(_path, "Mira found the boat.\n");
        File.SetLastWriteTimeUtc(_path, new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc));
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_file_that_is_as_it_was_or_has_the_same_content_is_read()
    {
        var planned = Planned();
        Catalog.RequireUnchanged(planned);
        File.SetLastWriteTimeUtc(_path, new DateTime(2026, 1, 3, 0, 0, 0, DateTimeKind.Utc));
        Catalog.RequireUnchanged(planned);
        await using var file = await Catalog.OpenAsync(planned, cancel: TestContext.Current.CancellationToken);
        Assert.Equal(planned.Bytes, file.Length);
    }

    [Theory]
    [InlineData("Otto found the boat.\n")]
    [InlineData("Mira found the boat.\nAnd more.\n")]
    [InlineData("")]
    public async Task A_file_with_other_content_is_refused_by_name(string content)
    {
        var planned = Planned();
        File.WriteAllText(_path, content);
        var refused = Assert.Throws<InvalidInputException>(() => Catalog.RequireUnchanged(planned)).Message;
        Assert.StartsWith($"{_path}: has changed since it was planned: it has {content.Length} bytes, changed ", refused, StringComparison.Ordinal);
        Assert.Contains("expected 21 bytes, changed 2026-01-02 03:04:05.000 UTC", refused, StringComparison.Ordinal);
        Assert.Equal(refused, (await Assert.ThrowsAsync<InvalidInputException>(() => Catalog.OpenAsync(planned, cancel: TestContext.Current.CancellationToken))).Message);
        Assert.Equal(refused, (await Assert.ThrowsAsync<InvalidInputException>(() => Catalog.FetchAsync(planned, "", cancel: TestContext.Current.CancellationToken))).Message);
    }

    [Fact]
    public void A_file_that_is_gone_is_refused_by_name()
    {
        var planned = Planned();
        File.Delete(_path);
        Assert.Contains($"{_path}: does not exist", Assert.Throws<InvalidInputException>(() => Catalog.RequireUnchanged(planned)).Message);
    }

    [Fact]
    public void A_link_that_leads_to_another_file_is_refused()
    {
        var (link, other) = (Path.Combine(_folder.Path, "link.txt"), Path.Combine(_folder.Path, "b.txt"));
        File.WriteAllText(other, "Otto found the boat.\n");
        File.CreateSymbolicLink(link, _path);
        var planned = LocalSources.FileAt(link) with { Identity = LocalSources.Fingerprint(link) };
        File.Delete(link);
        File.CreateSymbolicLink(link, other);
        Assert.Contains($"{link}: has changed", Assert.Throws<InvalidInputException>(() => Catalog.RequireUnchanged(planned)).Message);
    }

    [Fact]
    public void What_a_plan_of_an_earlier_version_says_nothing_about_is_read()
    {
        var planned = new SourceFile { Path = _path, Bytes = 7 };
        Catalog.RequireUnchanged(planned);
        Assert.Equal((null, null), (new SourceRange(_path, 0, 7).File.Modified, new SourceRange(_path, 0, 7).File.Identity));
    }

    [Fact]
    public void A_range_has_what_its_file_had()
    {
        var planned = Planned();
        Assert.Equal(planned, (SourceRange.Of(planned, 3, 9) with { Sha256 = planned.Identity }).File);
    }

    private SourceFile Planned() => LocalSources.FileAt(_path) with { Identity = LocalSources.Fingerprint(_path) };
}
