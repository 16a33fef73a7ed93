using Distil.Core.Http;
using Distil.Core.Hub;
using Distil.Core.Logging;
using Distil.Core.Sources;
using Distil.Core.Sources.Remote;
using Distil.Core.Specification;
using Microsoft.Extensions.Logging.Abstractions;

namespace Distil.Core.Tests.Hub;

/// <summary>A local hub, and clients of it that share one cache.</summary>
public abstract class HubFixture : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly StringWriter _log = new();

    private protected LocalHub Hub { get; private set; } = null!;

    private protected string Cache => Path.Combine(_folder.Path, "hub");

    private protected List<string> Logged => [.. _log.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries)];

    private protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => Hub = await LocalHub.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await Hub.DisposeAsync();
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Creates a client with a short limit on silence.</summary>
    private protected HubClient Client(Func<HubOptions, HubOptions>? change = null, long freeBytes = long.MaxValue, TimeProvider? time = null)
    {
        var options = new HubOptions
        {
            Endpoint = Hub.Endpoint,
            Cache = Cache,
            Token = "secret",
            Retries = new RetryOptions { Pause = TimeSpan.FromMilliseconds(1) },
        };
        return new HubClient(change?.Invoke(options) ?? options, time ?? TimeProvider.System, new TextLogger(_log), _ => freeBytes);
    }

    /// <summary>Creates a catalogue that uses only a client of the hub.</summary>
    internal static SourceCatalog Catalog(HubClient client) => new(
        () => client, new WebFiles(new ResilientHttp(new RetryOptions(), TimeProvider.System, NullLogger.Instance),
            new AzureAccess(null, () => throw new InvalidOperationException()), SignedUrls.None), Path.GetTempPath());

    private protected static byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }

    private protected static HubPath Dataset(string path) => HubPath.Parse(path, HubKind.Dataset, SpecPaths.Sources);
}
