namespace Distil.Cli.Commands;

/// <summary>What the command's exit code says.</summary>
internal static class ExitCode
{
    /// <summary>Done.</summary>
    internal const int Success = 0;

    /// <summary>What was asked could not be done.</summary>
    internal const int Failed = 1;

    /// <summary>What the user gave cannot be used.</summary>
    internal const int BadInput = 2;
}
