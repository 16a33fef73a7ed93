using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Distil.Functions.Tests.RealHost;
using DurableTask.AzureStorage;

[assembly: AssemblyFixture(typeof(Distil.Functions.Tests.BackEnds.StorageBackEnd))]

namespace Distil.Functions.Tests.BackEnds;

/// <summary>Durable's default back end, Azure Storage, over one Azurite that starts with the first test that needs it.</summary>
public sealed class StorageBackEnd : IAsyncDisposable
{
    private readonly Lazy<Task<StorageEmulator>> _storage = new(() => StorageEmulator.StartAsync(folder: null, CancellationToken.None));

    /// <summary>Creates a task hub of its own.</summary>
    /// <param name="takesOver">Whether a worker takes over from one that is gone after seconds, not after minutes. On a busy machine it may then do so from one
    /// that is slow, and messages come again and again.</param>
    internal async Task<StorageHub> NewHubAsync(bool takesOver = false) => new((await _storage.Value).ConnectionString, takesOver);

    public async ValueTask DisposeAsync()
    {
        if (_storage is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
        {
            await (await _storage.Value).DisposeAsync();
        }
    }
}

/// <summary>Histories and messages of one app, in tables, queues and blobs.</summary>
internal sealed class StorageHub(string connectionString, bool takesOver)
{
    private readonly string _name = $"hub{Guid.NewGuid():n}";
    private int _workers;

    /// <summary>Creates a worker's connection.</summary>
    public AzureStorageOrchestrationService Connect(StorageWire wire)
    {
        var settings = SettingsOf(wire);
        if (takesOver)
        {
            settings.LeaseInterval = TimeSpan.FromSeconds(4);
            settings.LeaseRenewInterval = settings.LeaseAcquireInterval = TimeSpan.FromSeconds(1);
            settings.ControlQueueVisibilityTimeout = settings.WorkItemQueueVisibilityTimeout = TimeSpan.FromSeconds(5);
        }

        return new(settings);
    }

    private AzureStorageOrchestrationServiceSettings SettingsOf(StorageWire wire) => new()
    {
        TaskHubName = _name,
        WorkerId = $"worker{Interlocked.Increment(ref _workers)}",
        StorageAccountClientProvider = new StorageAccountClientProvider(
            StorageServiceClientProvider.ForBlob(connectionString, new BlobClientOptions { Transport = wire }),
            StorageServiceClientProvider.ForQueue(connectionString, new QueueClientOptions { Transport = wire }),
            StorageServiceClientProvider.ForTable(connectionString, new TableClientOptions { Transport = wire })),
        PartitionCount = 1,
        UseAppLease = false,
        MaxQueuePollingInterval = TimeSpan.FromMilliseconds(200),
    };
}
