using Azure.Storage.Blobs;
using Azure.Storage.Sas;
using Distil.Cli.Azurite;
using Distil.Core.Artifacts;
using Distil.Core.Errors;
using Distil.Core.Http;
using Distil.Core.Sources;
using Distil.Core.Sources.Remote;
using Distil.Core.Specification;
using Microsoft.Extensions.Logging.Abstractions;

namespace Distil.Cli.Tests.Azurite;

/// <summary>Blobs of a storage account as sources of text: listed, signed, refused.</summary>
public sealed class BlobSourcesTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Blobs_are_found_and_read_by_connection_string_or_signature_and_not_without()
    {
        using var temporary = new TemporaryWorkspace();
        await using var server = await AzuriteServer.JoinAsync(temporary.Workspace, port: null, NullLogger.Instance, Cancel);
        var store = await ArtifactStore.OpenAsync(server.ConnectionString, "corpora", Cancel);
        foreach (var name in new[] { "tales/a.txt", "tales/b c.txt", "tales/deep/d.txt", "tales/e.md", "other.txt" })
        {
            await store.WriteTextAsync(name, $"text of {name}", cancel: Cancel);
        }

        var known = Catalog(server.ConnectionString);
        Assert.Equal(["a.txt", "b%20c.txt"], (await ListAsync(known, $"{store.Uri}/tales/*.txt")).Select(file => file.Path.Split('/')[^1]));
        var deep = await ListAsync(known, $"{store.Uri}/tales/**/*.txt");
        Assert.Equal(3, deep.Count);
        Assert.Equal("text of tales/b c.txt", await ReadAsync(known, deep[1]));
        var listed = await ListAsync(known, $"{store.Uri}/tales/a.txt");
        Assert.Equal(deep[0], listed[0]); // found alone or in a list, a file has the same version and identity
        Assert.Contains("does not exist", (await Assert.ThrowsAsync<InvalidInputException>(() => ListAsync(known, $"{store.Uri}/tales/*.jsonl"))).Message);

        var stranger = Catalog(null);
        var error = await Assert.ThrowsAsync<InvalidInputException>(() => ListAsync(stranger, $"{store.Uri}/tales/a.txt"));
        Assert.Contains($"dataset.sources: {store.Uri}/tales/a.txt", error.Message);

        var signed = new BlobServiceClient(server.ConnectionString).GetBlobContainerClient("corpora").GetBlobClient("tales/a.txt")
            .GenerateSasUri(BlobSasPermissions.Read, DateTimeOffset.UtcNow.AddHours(1));
        var found = Assert.Single(await ListAsync(stranger, signed.ToString()));
        Assert.Equal(deep[0].Identity, found.Identity);
        Assert.Equal("text of tales/a.txt", await ReadAsync(stranger, found));

        var sas = new BlobServiceClient(server.ConnectionString).GetBlobContainerClient("corpora")
            .GenerateSasUri(BlobContainerSasPermissions.Read | BlobContainerSasPermissions.List, DateTimeOffset.UtcNow.AddHours(1));
        var trusted = Catalog(null, sas.ToString());
        Assert.Equal(deep, await ListAsync(trusted, $"{store.Uri}/tales/**/*.txt")); // no path contains the signature
        Assert.Equal("text of tales/b c.txt", await ReadAsync(trusted, deep[1]));
        var refused = await Assert.ThrowsAsync<InvalidInputException>(
            () => ListAsync(Catalog(null, $"{store.Uri}?sv=2024-11-04&sr=c&sp=rl&sig=hush"), $"{store.Uri}/tales/*.txt"));
        Assert.DoesNotContain("hush", refused.ToString());
    }

    private static SourceCatalog Catalog(string? connectionString, string? signed = null) => new(
        () => throw new InvalidOperationException("no hub here"),
        new WebFiles(
            new ResilientHttp(new RetryOptions(), TimeProvider.System, NullLogger.Instance),
            new AzureAccess(connectionString, () => throw new InvalidOperationException("no identity here")),
            SignedUrls.Parse(signed)),
        Path.GetTempPath());

    private static Task<IReadOnlyList<SourceFile>> ListAsync(SourceCatalog catalog, string source) =>
        catalog.ListAsync([source], DatasetFormat.Text, SpecPaths.Sources, Cancel);

    private static async Task<string> ReadAsync(SourceCatalog catalog, SourceFile file)
    {
        await using var stream = await catalog.OpenAsync(file, cancel: Cancel);
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync(Cancel);
    }
}
