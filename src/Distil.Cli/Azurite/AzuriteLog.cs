using Microsoft.Extensions.Logging;

namespace Distil.Cli.Azurite;

/// <summary>What is logged of the local storage.</summary>
internal static partial class AzuriteLog
{
    /// <summary>Azurite has ended before its last user, and is started again.</summary>
    [LoggerMessage(Level = LogLevel.Information, Message = "storage has ended; it is started again")]
    public static partial void StorageStartsAgain(this ILogger log);

    /// <summary>Another process starts or stops Azurite, and has not finished for seconds.</summary>
    [LoggerMessage(Level = LogLevel.Information, Message = "waiting for another distil, which starts or stops the storage ({Lock})")]
    public static partial void WaitsForTurn(this ILogger log, string @lock);

    /// <summary>Azurite has ended and did not start again; the next try follows.</summary>
    [LoggerMessage(Level = LogLevel.Information, Message = "storage has ended and cannot be started again yet: {Reason}")]
    public static partial void StorageCannotStart(this ILogger log, string reason);
}
