using System.Diagnostics;
using Distil.Cli.Azurite;
using Distil.Core.Artifacts;
using Microsoft.Extensions.Logging.Abstractions;

namespace Distil.Cli.Tests.Azurite;

/// <summary>A workspace's storage server as its users reach it.</summary>
internal static class JoinedAzurite
{
    internal static CancellationToken Cancel => TestContext.Current.CancellationToken;

    internal static async Task KillAsync(TemporaryWorkspace temporary) =>
        Process.GetProcessById((await new AzuriteFiles(temporary.Workspace).ReadAsync(Cancel))!.ProcessId).Kill();

    internal static Task<AzuriteServer> JoinAsync(TemporaryWorkspace temporary) =>
        AzuriteServer.JoinAsync(temporary.Workspace, port: null, NullLogger.Instance, Cancel);

    internal static Task<ArtifactStore> StoreAsync(AzuriteServer server) =>
        ArtifactStore.OpenAsync(server.ConnectionString, cancel: Cancel);
}
