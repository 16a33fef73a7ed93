namespace Distil.Core.Settings;

/// <summary>Every program: the Hugging Face hub, with the variables of huggingface_hub</summary>
public sealed record HubSettings
{
    /// <value>URL of the hub. Default: `https://huggingface.co`.</value>
    [Variable("HF_ENDPOINT")]
    public string? Endpoint { get; init; }

    /// <value>Folder of the token and the cache. Default: `huggingface` in XDG_CACHE_HOME.</value>
    [Variable("HF_HOME")]
    public string? Home { get; init; }

    /// <value>Folder of the user's caches. Default: `~/.cache`.</value>
    [Variable("XDG_CACHE_HOME")]
    public string? UserCache { get; init; }

    /// <value>The user's access token. Default: the content of HF_TOKEN_PATH; without it, the hub is asked anonymously.</value>
    [Variable("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")]
    public string? Token { get; init; }

    /// <value>File with the user's access token. Default: `token` in HF_HOME.</value>
    [Variable("HF_TOKEN_PATH")]
    public string? TokenPath { get; init; }

    /// <value>`1` sends no token.</value>
    [Variable("HF_HUB_DISABLE_IMPLICIT_TOKEN")]
    public string? DisableImplicitToken { get; init; }

    /// <value>Folder of the downloaded files. Default: `hub` in HF_HOME.</value>
    [Variable("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE")]
    public string? Cache { get; init; }

    /// <value>`1` sends no request to the hub: only what the cache contains can be used.</value>
    [Variable("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")]
    public string? Offline { get; init; }
}
