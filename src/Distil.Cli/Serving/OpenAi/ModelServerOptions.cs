namespace Distil.Cli.Serving.OpenAi;

/// <summary>Limits of a model's endpoints.</summary>
internal sealed record ModelServerOptions
{
    /// <value>Maximum number of new tokens of an answer. Default 4,096.</value>
    internal int MaxTokens { get; init; } = 4096;

    /// <value>Maximum number of tokens of a prompt. Default 1,048,576.</value>
    internal int MaxPromptTokens { get; init; } = 1 << 20;

    /// <value>Maximum length of a body. Default 8 MiB.</value>
    internal int MaxBodyBytes { get; init; } = 8 << 20;
}
