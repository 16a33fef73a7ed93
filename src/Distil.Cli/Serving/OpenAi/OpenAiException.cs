namespace Distil.Cli.Serving.OpenAi;

/// <summary>A request that is refused, as OpenAI's API reports it.</summary>
/// <param name="status">HTTP status code.</param>
/// <param name="message">What is wrong: names the field, the value and what was expected.</param>
/// <param name="param">The field; null if none is to blame.</param>
/// <param name="code">A code for programs; null if there is none.</param>
internal sealed class OpenAiException(int status, string message, string? param = null, string? code = null) : Exception(message)
{
    internal int Status => status;

    internal string? Param => param;

    internal string? Code => code;
}
