using System.Net;
using System.Net.Sockets;
using Distil.Core.Errors;

namespace Distil.Cli.Azurite;

/// <summary>Finds a port of this machine to listen on.</summary>
internal static class FreePort
{
    /// <summary>Returns the requested port, else the previous one if it is free (others may still know it), else any free port.</summary>
    /// <exception cref="InvalidInputException">The requested port is in use.</exception>
    internal static int Choose(int? asked, int? before)
    {
        if (asked is { } port)
        {
            return TryBind(port, out var taken) ?? throw InUse(port, taken!);
        }

        return (before is { } again ? TryBind(again, out _) : null) ?? TryBind(0, out _)!.Value;
    }

    private static InvalidInputException InUse(int port, SocketException taken) =>
        new($"port {port} of 127.0.0.1 is in use or not allowed; leave out --storage-port, or name a free port", taken);

    private static int? TryBind(int port, out SocketException? taken)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            taken = null;
            return ((IPEndPoint)listener.LocalEndpoint).Port;
        }
        catch (SocketException error) when (error.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied)
        {
            taken = error;
            return null;
        }
    }
}
