namespace Distil.Core.Settings;

/// <summary>The command, `distil`</summary>
public sealed record CommandSettings
{
    /// <summary>The variable of <see cref="ApiKey"/>.</summary>
    public const string ApiKeyVariable = "DISTIL_API_KEY";

    /// <value>Folder of the command's files: storage, caches, copies of finished runs. Default: `.distil` in the repository, else in the current
    /// folder.</value>
    [Variable("DISTIL_HOME")]
    public string? Home { get; init; }

    /// <value>The trainer that the command starts: an assembly or a program. Default: the one built with the command.</value>
    [Variable("DISTIL_TRAINER")]
    public string? Trainer { get; init; }

    /// <value>API key that each request to `distil serve` must send; `--api-key-file` takes precedence.</value>
    [Variable(ApiKeyVariable)]
    public string? ApiKey { get; init; }

    /// <value>`1` prints the stack trace of an unexpected error.</value>
    [Variable("DISTIL_TRACE")]
    public string? Trace { get; init; }

    /// <value>Where texts, models and artifacts are read from.</value>
    public SourceSettings Sources { get; init; } = new();

    /// <value>Where traces and metrics are sent.</value>
    public TelemetrySettings Telemetry { get; init; } = new();
}
