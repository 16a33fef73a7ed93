using System.Net;
using System.Net.Sockets;
using Polly.Timeout;

namespace Distil.Core.Http;

/// <summary>What counts as a transient fault.</summary>
internal static class TransientFault
{
    /// <summary>Whether a status is one: 408, 429 and 5xx.</summary>
    internal static bool Is(HttpStatusCode status) => status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests || (int)status >= 500;

    /// <summary>Whether an error is one: the connection is lost, or the server silent.</summary>
    internal static bool IsCut(Exception error) => error is HttpRequestException or HttpIOException or TimeoutException or TimeoutRejectedException or SocketException
        || (error is IOException && error.InnerException is SocketException);
}
