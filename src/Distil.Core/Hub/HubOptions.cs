using Distil.Core.Http;

namespace Distil.Core.Hub;

/// <summary>Where the Hugging Face hub is, who asks, and where its files are kept: the environment variables of huggingface_hub.</summary>
public sealed record HubOptions
{
    /// <value>The hub, without a '/' at its end: <c>HF_ENDPOINT</c>, else <c>https://huggingface.co</c>.</value>
    public Uri Endpoint { get; init; } = new("https://huggingface.co");

    /// <value>The user's token: <c>HF_TOKEN</c>, else the file <c>HF_TOKEN_PATH</c>, else <c>HF_HOME/token</c>; null asks as nobody.</value>
    public string? Token { get; init; }

    /// <value>The cache: <c>HF_HUB_CACHE</c>, else <c>HF_HOME/hub</c>; <c>HF_HOME</c> is <c>~/.cache/huggingface</c> where it is not set.</value>
    public required string Cache { get; init; }

    /// <value>Whether the hub is never asked: <c>HF_HUB_OFFLINE</c>. What is in the cache can still be used.</value>
    public bool Offline { get; init; }

    /// <value>How long the hub is waited for.</value>
    public RetryOptions Patience { get; init; } = new();

    /// <summary>What the environment says.</summary>
    /// <exception cref="Errors.InvalidInputException"><c>HF_ENDPOINT</c> is not the URL of a server.</exception>
    public static HubOptions FromEnvironment() => From(Environment.GetEnvironmentVariable);

    /// <summary>What an environment says.</summary>
    internal static HubOptions From(Func<string, string?> variable)
    {
        var home = Path(variable, "HF_HOME") ?? System.IO.Path.Combine(Path(variable, "XDG_CACHE_HOME") ?? Expand("~/.cache"), "huggingface");
        return new HubOptions
        {
            Endpoint = EndpointOf(Value(variable, "HF_ENDPOINT") ?? "https://huggingface.co"),
            Token = TokenOf(variable, home),
            Cache = Path(variable, "HF_HUB_CACHE") ?? Path(variable, "HUGGINGFACE_HUB_CACHE") ?? System.IO.Path.Combine(home, "hub"),
            Offline = IsTrue(Value(variable, "HF_HUB_OFFLINE") ?? Value(variable, "TRANSFORMERS_OFFLINE")),
        };
    }

    private static Uri EndpointOf(string text) =>
        Uri.TryCreate(text.TrimEnd('/'), UriKind.Absolute, out var endpoint) && endpoint.Scheme is "https" or "http"
            ? endpoint
            : throw new Errors.InvalidInputException($"HF_ENDPOINT is {text}; expected the URL of a hub, for instance https://huggingface.co");

    private static string? TokenOf(Func<string, string?> variable, string home)
    {
        if (IsTrue(Value(variable, "HF_HUB_DISABLE_IMPLICIT_TOKEN")))
        {
            return null;
        }

        var file = Path(variable, "HF_TOKEN_PATH") ?? System.IO.Path.Combine(home, "token");
        var token = Value(variable, "HF_TOKEN") ?? Value(variable, "HUGGING_FACE_HUB_TOKEN") ?? (File.Exists(file) ? File.ReadAllText(file) : "");
        return token.Trim() is { Length: > 0 } found ? found : null;
    }

    private static string? Path(Func<string, string?> variable, string name) => Value(variable, name) is { } path ? Expand(path) : null;

    private static string? Value(Func<string, string?> variable, string name) => variable(name) is { Length: > 0 } value ? value : null;

    private static string Expand(string path) => System.IO.Path.GetFullPath(
        path == "~" || path.StartsWith("~/", StringComparison.Ordinal) ? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) + path[1..] : path);

    private static bool IsTrue(string? value) => value?.ToUpperInvariant() is "1" or "ON" or "YES" or "TRUE";
}
