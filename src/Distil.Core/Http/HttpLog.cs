using Microsoft.Extensions.Logging;

namespace Distil.Core.Http;

/// <summary>What is logged of requests and transfers. No message contains a URL's query, which may be a secret.</summary>
internal static partial class HttpLog
{
    /// <summary>A request failed and is sent again after a delay.</summary>
    [LoggerMessage(Level = LogLevel.Information, Message = "{Url}: {Fault}; trying again in {Seconds:0.#} s")]
    public static partial void RetryingRequest(this ILogger log, string url, string fault, double seconds);

    /// <summary>A transfer was interrupted and resumes after a delay.</summary>
    [LoggerMessage(Level = LogLevel.Information, Message = "{What}: cut after {Bytes:N0} bytes; going on from there; trying again in {Seconds:0.#} s")]
    public static partial void ResumingTransfer(this ILogger log, string what, long bytes, double seconds);

    /// <summary>Another program downloads the same file.</summary>
    [LoggerMessage(Level = LogLevel.Information, Message = "{Path}: another program fetches it; waiting")]
    public static partial void WaitingForDownload(this ILogger log, string path);
}
