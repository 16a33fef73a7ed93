using Distil.Core.Errors;
using Distil.Core.Http;
using Distil.Core.Settings;

namespace Distil.Core.Hub;

/// <summary>Options of the Hugging Face hub.</summary>
public sealed record HubOptions
{
    /// <value>URL of the hub, without a '/' at its end. Default: <c>https://huggingface.co</c>.</value>
    public Uri Endpoint { get; init; } = new("https://huggingface.co");

    /// <value>The user's access token; null sends anonymous requests.</value>
    public string? Token { get; init; }

    /// <value>Folder of the downloaded files.</value>
    public required string Cache { get; init; }

    /// <value>Whether no request is sent to the hub: only what the cache contains can be used.</value>
    public bool Offline { get; init; }

    /// <value>How often requests are retried, and how long to wait for the hub.</value>
    public RetryOptions Retries { get; init; } = new();

    /// <summary>Creates the options from a program's settings, by the rules of huggingface_hub.</summary>
    /// <exception cref="InvalidInputException"><c>HF_ENDPOINT</c> is not the URL of a server, or the token contains what none contains.</exception>
    public static HubOptions From(HubSettings settings)
    {
        var home = Expand(settings.Home) ?? Path.Combine(Expand(settings.UserCache ?? "~/.cache")!, "huggingface");
        return new HubOptions
        {
            Endpoint = EndpointOf(settings.Endpoint ?? "https://huggingface.co"),
            Token = IsTrue(settings.DisableImplicitToken) ? null : TokenOf(settings, home),
            Cache = Expand(settings.Cache) ?? Path.Combine(home, "hub"),
            Offline = IsTrue(settings.Offline),
        };
    }

    /// <value>URL of the hub, as the beginning of others.</value>
    internal string Base => Endpoint.ToString().TrimEnd('/');

    /// <summary>Whether a URL is the hub's: no other server may learn the token.</summary>
    internal bool IsHub(Uri url) =>
        Uri.Compare(url, Endpoint, UriComponents.SchemeAndServer, UriFormat.Unescaped, StringComparison.OrdinalIgnoreCase) == 0;

    /// <summary>The URL at which the hub's API answers about a repository.</summary>
    internal string Api(HubPath path) => $"{Base}/api/{path.KindWord}s/{path.Repository}";

    /// <summary>The URL of a repository's page.</summary>
    internal string PageOf(HubPath path) => $"{Base}/{(path.Kind == HubKind.Dataset ? "datasets/" : "")}{path.Repository}";

    /// <summary>The URL of a file.</summary>
    internal Uri UrlOf(HubPath path)
    {
        var file = string.Join('/', path.Path.Split('/').Select(Uri.EscapeDataString));
        return new Uri($"{PageOf(path)}/resolve/{Uri.EscapeDataString(path.Revision)}/{file}");
    }

    private static Uri EndpointOf(string text) =>
        Uri.TryCreate(text.TrimEnd('/'), UriKind.Absolute, out var endpoint) && endpoint is { Scheme: "https" or "http", Query: "", Fragment: "", UserInfo: "" }
            ? endpoint
            : throw new InvalidInputException($"HF_ENDPOINT is {UrlSecrets.Without(text)}; expected the URL of a hub without query, fragment and password, for instance https://huggingface.co");

    private static string? TokenOf(HubSettings settings, string home)
    {
        var file = Expand(settings.TokenPath) ?? Path.Combine(home, "token");
        var token = (settings.Token ?? (File.Exists(file) ? File.ReadAllText(file) : "")).Trim();
        return token.Length == 0 ? null
            : token.All(character => character is >= ' ' and <= '~') ? token
            : throw new InvalidInputException(
                $"{(settings.Token is null ? file : "HF_TOKEN")}: contains a line end or a character that is not ASCII; expected an access token and nothing else");
    }

    private static string? Expand(string? path) => path is null ? null : Path.GetFullPath(
        path == "~" || path.StartsWith("~/", StringComparison.Ordinal) ? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) + path[1..] : path);

    private static bool IsTrue(string? value) => value?.ToUpperInvariant() is "1" or "ON" or "YES" or "TRUE";
}
