using System.Diagnostics;

namespace Distil.Onnx.Tests;

/// <summary>This machine's python3.</summary>
internal static class PythonProgram
{
    /// <value>A folder in which cases stay, for a machine with Python and without .NET; null if they are deleted.</value>
    internal static string? KeptFolder => Environment.GetEnvironmentVariable("DISTIL_PYTHON_CASES");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Runs it.</summary>
    internal static async Task<(int Exit, string Output)> RunAsync(params string[] arguments)
    {
        using var python = new Process
        {
            StartInfo = new ProcessStartInfo("python3", arguments) { RedirectStandardOutput = true, RedirectStandardError = true },
        };
        try
        {
            python.Start();
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return (-1, "there is no python3");
        }

        var errors = python.StandardError.ReadToEndAsync(Cancel);
        var output = await python.StandardOutput.ReadToEndAsync(Cancel);
        await python.WaitForExitAsync(Cancel);
        return (python.ExitCode, output + await errors);
    }
}
