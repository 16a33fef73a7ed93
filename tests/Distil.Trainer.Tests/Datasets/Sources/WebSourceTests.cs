using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using CsCheck;
using Distil.Core.Errors;
using Distil.Core.Settings;
using Distil.Core.Sources;
using Distil.Core.Specification;
using Distil.Core.Tests.Sources.Remote;
using Distil.Fuzzing;
using Distil.Trainer.Datasets;
using Distil.Trainer.Datasets.Sources;

namespace Distil.Trainer.Tests.Datasets.Sources;

/// <summary>Files behind URLs are read like local ones, and of Parquet only the needed parts.</summary>
public sealed class WebSourceTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("distil-web-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Of_Parquet_the_row_groups_of_the_range_are_read_and_the_rest_is_not()
    {
        await using var web = await LocalWeb.StartAsync();
        var path = Path.Combine(_folder, "a.parquet");
        var texts = Enumerable.Range(0, 300).Select(i => $"{i} {Convert.ToHexString(RandomNumberGenerator.GetBytes(50_000))}").ToList(); // hard to compress
        await FineWebFile.WriteAsync(path, texts, rowGroup: 100);
        web.Files["/a.parquet"] = (await File.ReadAllBytesAsync(path, Cancel), "v1");
        var file = await FindAsync(web, "/a.parquet", DatasetFormat.Parquet);

        var second = SourceRange.Of(file, file.Bytes / 4, file.Bytes / 2);
        var documents = new Documents(DatasetFormat.Parquet, "text", 1000, Open).Read(second).Select(document => document.Text!).ToList();

        Assert.Equal(texts[100..200], documents);
        Assert.InRange(web.Ranges.Sum(Length), file.Bytes / 4, file.Bytes * 3 / 4);
    }

    [Fact]
    public async Task Damaged_Parquet_is_refused_or_read_as_it_is_on_this_machine()
    {
        await using var web = await LocalWeb.StartAsync();
        var path = Path.Combine(_folder, "a.parquet");
        await FineWebFile.WriteAsync(path, ["Mira found the boat.", "Otto laughed.", "Mira found the boat."], rowGroup: 2);
        var whole = await File.ReadAllBytesAsync(path, Cancel);
        web.Files["/a.parquet"] = (whole, "v1");
        var file = await FindAsync(web, "/a.parquet", DatasetFormat.Parquet);
        Assert.Equal(3, Read(SourceRange.Of(file, 0, file.Bytes)).Texts!.Count);

        // Bytes only change, so that the file remains the one that was found.
        Gen.Select(Gen.Int[0, whole.Length - 1], Gen.Byte).Array[1, 3].Each(
            changes =>
            {
                var bytes = whole.ToArray();
                Array.ForEach(changes, change => bytes[change.Item1] = change.Item2);
                File.WriteAllBytes(path, bytes);
                web.Files["/a.parquet"] = (bytes, "v1");
                var (here, there) = (Read(new SourceRange(path, 0, bytes.Length)), Read(SourceRange.Of(file, 0, file.Bytes)));
                Assert.Equal(here.Texts, there.Texts);
                Assert.Equal(here.Refusal is null, there.Refusal is null); // the same damage may be found earlier in a remote file
            },
            count: 150);
    }

    private static (List<string?>? Texts, string? Refusal) Read(SourceRange range)
    {
        try
        {
            return ([.. new Documents(DatasetFormat.Parquet, "text", 1000, Open).Read(range).Select(document => document.Text)], null);
        }
        catch (InvalidInputException refused)
        {
            return (null, refused.Message);
        }
    }

    [Fact]
    public async Task A_packed_file_is_read_through_a_cut()
    {
        await using var web = await LocalWeb.StartAsync();
        using var packed = new MemoryStream();
        var lines = Enumerable.Range(0, 20_000).Select(i => $"line {i} {Convert.ToHexString(RandomNumberGenerator.GetBytes(20))}").ToList();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(Encoding.UTF8.GetBytes(string.Join('\n', lines)));
        }

        web.Files["/a.txt.gz"] = (packed.ToArray(), "v1");
        var file = await FindAsync(web, "/a.txt.gz", DatasetFormat.Text);
        web.Cuts.Enqueue(100_000);
        Assert.Equal(lines, new Documents(DatasetFormat.Text, "text", 1000, Open).Read(SourceRange.Of(file, 0, file.Bytes)).Select(document => document.Text!));
    }

    private static SourceOpener Open => new(Catalog);

    private static SourceCatalog Catalog => SourceCatalog.Create(new SourceSettings(), TimeProvider.System);

    private static async Task<SourceFile> FindAsync(LocalWeb web, string path, DatasetFormat format) =>
        Assert.Single(await Catalog.ListAsync([web.Url(path)], format, SpecPaths.Sources, Cancel));

    /// <summary>Number of bytes that <c>bytes=FROM-TO</c> requests.</summary>
    private static long Length(string range)
    {
        var ends = range["bytes=".Length..].Split('-').Select(end => long.Parse(end, CultureInfo.InvariantCulture)).ToArray();
        return ends[1] - ends[0] + 1;
    }
}
