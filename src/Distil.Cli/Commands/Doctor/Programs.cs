using System.ComponentModel;
using System.Diagnostics;
using Distil.Cli.Workspaces;
using Distil.Core.Errors;
using Distil.Hosting.Processes;

namespace Distil.Cli.Commands.Doctor;

/// <summary>Looks at the programs that Distil needs on this machine.</summary>
internal static class Programs
{
    private const int MinNode = 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>The trainer, which was built with the command.</summary>
    internal static Finding Trainer(TrainerProgram trainer)
    {
        try
        {
            return Finding.Good("trainer", trainer.Locate());
        }
        catch (InvalidInputException missing)
        {
            return Finding.Bad("trainer", missing.Message, "build it: ./distil builds what it needs; or name a trainer by DISTIL_TRAINER");
        }
    }

    /// <summary>Node.js, which runs the local storage.</summary>
    internal static async Task<Finding> NodeAsync(Func<string, string[], Task<string?>> run, bool needsStorage)
    {
        const string Cure = "install Node.js 20 or later (https://nodejs.org), or name a storage account by AZURE_STORAGE_CONNECTION_STRING";
        var version = await run("node", ["--version"]);
        return version is null ? (needsStorage ? Finding.Bad("node", "is not on the path, or does not say its version", Cure) : Finding.Good("node", "is not needed: a storage account is named"))
            : int.TryParse(version.TrimStart('v').Split('.')[0], out var major) && major >= MinNode ? Finding.Good("node", version)
            : Finding.Bad("node", $"is {version}; expected {MinNode} or later", Cure);
    }

    /// <summary>The local storage's program.</summary>
    internal static Finding Azurite(Workspace workspace)
    {
        try
        {
            return Finding.Good("azurite", workspace.RepositoryFile("tools", "azurite", "node_modules", "azurite"));
        }
        catch (InvalidInputException missing)
        {
            return Finding.Bad("azurite", missing.Message, "npm ci --prefix tools/azurite, which ./distil does by itself before a run");
        }
    }

    /// <summary>The graphics cards and their driver.</summary>
    internal static async Task<Finding> GpuAsync(Func<string, string[], Task<string?>> run)
    {
        var cards = await run("nvidia-smi", ["--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"]);
        return string.IsNullOrWhiteSpace(cards)
            ? Finding.Warning("GPU", "nvidia-smi finds none", "runs use the CPU (compute.device: cpu); for a GPU, install NVIDIA's driver")
            : Finding.Good("GPU", string.Join("; ", cards.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)));
    }

    /// <summary>The output of a program; null if it is missing, fails, or says nothing within seconds.</summary>
    internal static async Task<string?> RunAsync(string program, string[] arguments)
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            try
            {
                var output = await process.StandardOutput.ReadToEndAsync(patience.Token);
                await process.WaitForExitAsync(patience.Token);
                return process.ExitCode == 0 ? output.Trim() : null;
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                return null;
            }
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}
