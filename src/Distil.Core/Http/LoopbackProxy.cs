namespace Distil.Core.Http;

/// <summary>Keeps requests to this machine away from a proxy that <c>HTTP_PROXY</c> or its relatives name: the proxy could not reach the local storage.</summary>
public static class LoopbackProxy
{
    private const string Lower = "no_proxy";
    private const string Upper = "NO_PROXY";
    private static readonly string[] Loopback = ["127.0.0.1", "localhost", "[::1]"];
    private static readonly string[] Variables = ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"];

    /// <summary>Excludes this machine from proxies, for this process and those that it starts. Call it before the first request.</summary>
    public static void Exclude()
    {
        if (!Variables.Any(name => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(name))))
        {
            return;
        }

        var list = WithLoopback(Environment.GetEnvironmentVariable(Lower) ?? Environment.GetEnvironmentVariable(Upper));
        Environment.SetEnvironmentVariable(Lower, list);
        Environment.SetEnvironmentVariable(Upper, list);
    }

    /// <summary>The proxies that the environment names, without passwords.</summary>
    /// <param name="variable">Reads a variable.</param>
    public static IReadOnlyList<string> Named(Func<string, string?> variable) =>
        [.. from name in Variables let value = variable(name) where !string.IsNullOrEmpty(value) select $"{name}={UrlSecrets.Without(value)}"];

    /// <summary>A <c>NO_PROXY</c> list with this machine's own names.</summary>
    internal static string WithLoopback(string? list)
    {
        var hosts = (list ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return string.Join(',', hosts.Union(Loopback, StringComparer.OrdinalIgnoreCase));
    }
}
