namespace Distil.Cli.Commands;

/// <summary>The command's exit codes.</summary>
internal static class ExitCode
{
    /// <summary>The command succeeded.</summary>
    internal const int Success = 0;

    /// <summary>The command failed.</summary>
    internal const int Failed = 1;

    /// <summary>The user's input cannot be used.</summary>
    internal const int BadInput = 2;
}
