using System.Diagnostics;

namespace Distil.Functions.Tests.RealHost;

/// <summary>The Functions host of this machine: the assembly that <c>DISTIL_FUNCTIONS_HOST</c> names (Microsoft.Azure.WebJobs.Script.WebHost.dll), else Core
/// Tools' <c>func</c>.</summary>
internal static class FunctionsHostProgram
{
    public const string Missing = "there is no Functions host here: DISTIL_FUNCTIONS_HOST names none, and func is not on the path";

    private static readonly string? WebHost = Environment.GetEnvironmentVariable("DISTIL_FUNCTIONS_HOST") is { Length: > 0 } named ? named : null;

    private static readonly string? CoreTools =
        Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator).Select(folder => Path.Combine(folder, "func")).FirstOrDefault(File.Exists);

    public static bool IsHere => WebHost is not null || CoreTools is not null;

    /// <summary>Start information for an app.</summary>
    /// <param name="app">The app's build output.</param>
    /// <param name="port">Port to listen on, on this machine only.</param>
    public static ProcessStartInfo Command(string app, int port)
    {
        var command = WebHost is not null ? new ProcessStartInfo("dotnet", [WebHost]) : new ProcessStartInfo(CoreTools!, ["start", "--port", $"{port}"]);
        command.WorkingDirectory = app;
        command.Environment["AzureWebJobsScriptRoot"] = app;
        command.Environment["ASPNETCORE_URLS"] = $"http://127.0.0.1:{port}";
        command.Environment["WEBSITE_HOSTNAME"] = $"127.0.0.1:{port}";
        command.Environment["AZURE_FUNCTIONS_ENVIRONMENT"] = "Development";
        command.Environment["FUNCTIONS_WORKER_RUNTIME"] = "dotnet-isolated";
        // A container's name would make the host assume that it is in Azure.
        command.Environment.Remove("CONTAINER_NAME");
        if (WebHost is not null)
        {
            Directory.CreateDirectory(Path.Combine(Path.GetDirectoryName(WebHost)!, "workers"));
        }

        return command;
    }
}
