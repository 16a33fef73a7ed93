using System.Diagnostics;
using Distil.Core;

namespace Distil.Cli.Bundling;

/// <summary>The programs that make what is packed.</summary>
internal static class Publishing
{
    /// <summary>Publishes a project in its release configuration.</summary>
    /// <param name="project">Path of the project.</param>
    /// <param name="target">Destination folder.</param>
    /// <param name="options">Further options of <c>dotnet publish</c>.</param>
    /// <param name="cancel">Ends it.</param>
    internal static Task PublishAsync(string project, string target, string[] options, CancellationToken cancel) => ExecuteAsync(
        DotnetProgram.Path, ["publish", project, "-c", "Release", "-o", target, "-v", "quiet", "--nologo", "-p:PublishDocumentationFiles=false", .. options], cancel);

    /// <summary>Runs a program to its end and returns its output.</summary>
    /// <exception cref="InvalidOperationException">It fails.</exception>
    internal static async Task<string> ExecuteAsync(string program, string[] arguments, CancellationToken cancel)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        try
        {
            var said = await process.StandardOutput.ReadToEndAsync(cancel);
            await process.WaitForExitAsync(cancel);
            return process.ExitCode == 0 ? said : throw new InvalidOperationException($"{program} {arguments[0]} ended with {process.ExitCode}: {said}");
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }
}
