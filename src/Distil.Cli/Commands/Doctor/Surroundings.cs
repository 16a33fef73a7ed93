using Azure;
using Distil.Cli.Azurite;
using Distil.Cli.Display;
using Distil.Cli.Workspaces;
using Distil.Core.Artifacts;
using Distil.Core.Errors;
using Distil.Core.Http;
using Distil.Core.Settings;

namespace Distil.Cli.Commands.Doctor;

/// <summary>Looks at what surrounds Distil: disks, memory, storage, network.</summary>
internal static class Surroundings
{
    private const long LittleDisk = 2L << 30;
    private const long LittleMemory = 4L << 30;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>The folder of distil's files, if it cannot be used.</summary>
    internal static IEnumerable<Finding> Home(Workspace workspace)
    {
        try
        {
            workspace.CreateHome();
            return [];
        }
        catch (InvalidInputException unusable)
        {
            return [Finding.Bad("home", unusable.Message, "DISTIL_HOME names a folder that this user can write into")];
        }
    }

    /// <summary>The free space of a folder.</summary>
    internal static Finding Disk(string subject, string folder, Func<string, long> free)
    {
        var bytes = free(folder);
        return bytes < LittleDisk
            ? Finding.Warning(subject, $"{folder} has {ByteSize.Of(bytes)} free", "`distil gc` deletes what no run refers to; DISTIL_HOME moves the folder")
            : Finding.Good(subject, $"{folder} has {ByteSize.Of(bytes)} free");
    }

    /// <summary>The memory that this process may use.</summary>
    internal static Finding Memory(long bytes) => bytes < LittleMemory
        ? Finding.Warning("memory", ByteSize.Of(bytes), "small teachers only; `distil run SPEC --plan-only` says what a run needs")
        : Finding.Good("memory", ByteSize.Of(bytes));

    /// <summary>The index of the local storage.</summary>
    internal static Finding Index(Workspace workspace)
    {
        try
        {
            new AzuriteIndex(workspace).Require();
            return Finding.Good("storage", workspace.Storage);
        }
        catch (InvalidInputException damaged)
        {
            return Finding.Bad("storage", damaged.Message, "distil doctor --repair");
        }
    }

    /// <summary>The storage account that is named.</summary>
    internal static async Task<Finding> AccountAsync(string connectionString)
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            var store = await ArtifactStore.OpenAsync(connectionString, cancel: patience.Token);
            return Finding.Good("storage", $"{store.Uri} answers");
        }
        catch (Exception unreachable) when (unreachable is InvalidInputException or RequestFailedException or AggregateException or OperationCanceledException)
        {
            return Finding.Bad(
                "storage", $"the account of {SourceSettings.ConnectionVariable} cannot be used: {unreachable.Message.Split('\n')[0]}",
                $"check the connection string and the network; without {SourceSettings.ConnectionVariable}, storage is on this machine");
        }
    }

    /// <summary>The Hugging Face hub.</summary>
    /// <param name="endpoint">Its address.</param>
    /// <param name="client">Sends the request.</param>
    internal static async Task<Finding> HubAsync(Uri endpoint, HttpClient client)
    {
        const string Cure = "needed for hf:// only; behind a proxy, set HTTPS_PROXY; without a network, name local folders";
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            using var response = await client.GetAsync(endpoint, HttpCompletionOption.ResponseHeadersRead, patience.Token);
            return (int)response.StatusCode < 500
                ? Finding.Good("hub", $"{endpoint} answers")
                : Finding.Warning("hub", $"{endpoint} answers {(int)response.StatusCode}", Cure);
        }
        catch (Exception unreachable) when (unreachable is HttpRequestException or OperationCanceledException)
        {
            return Finding.Warning("hub", $"{endpoint} does not answer: {unreachable.Message}", Cure);
        }
    }

    /// <summary>The proxies that the environment names.</summary>
    internal static Finding Proxy(Func<string, string?> variable)
    {
        var named = LoopbackProxy.Named(variable);
        return Finding.Good("proxy", named.Count == 0 ? "none" : $"{string.Join(", ", named)}; this machine itself is excluded");
    }
}
