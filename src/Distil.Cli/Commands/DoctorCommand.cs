using System.CommandLine;
using System.Text.Json;
using Distil.Cli.Azurite;
using Distil.Cli.Commands.Doctor;
using Distil.Core;
using Distil.Core.Errors;
using Distil.Core.Hub;

namespace Distil.Cli.Commands;

/// <summary><c>distil doctor</c>: looks at what Distil needs on this machine; <c>--repair</c> repairs the local storage's index.</summary>
internal static class DoctorCommand
{
    internal static Command Create(CommandContext context)
    {
        var repair = new Option<bool>("--repair") { Description = "Put the last good index of the local storage in the place of a damaged one." };
        var json = CommonOptions.Json();
        var command = new Command("doctor", "Check this machine: programs, GPU, disks, memory, storage, network; each fault with its cure.") { repair, json };
        command.SetAction(async (parsed, cancel) =>
        {
            if (parsed.GetValue(repair))
            {
                await RepairAsync(context, cancel);
            }

            var findings = await FindAsync(context);
            Console.WriteLine(parsed.GetValue(json) ? JsonSerializer.Serialize(findings, DistilJson.Options) : Text(findings));
            return findings.Any(finding => finding.Grade == FindingGrade.Bad) ? ExitCode.Failed : ExitCode.Success;
        });
        return command;
    }

    /// <summary>The findings as lines: a mark, the subject, the text, and the cure below.</summary>
    internal static string Text(IReadOnlyList<Finding> findings)
    {
        var width = findings.Max(finding => finding.Subject.Length);
        return string.Join('\n', findings.Select(finding =>
        {
            var mark = finding.Grade switch { FindingGrade.Good => "ok  ", FindingGrade.Warning => "note", _ => "BAD " };
            var cure = finding.Cure is null ? "" : $"\n{new string(' ', width + 6)}→ {finding.Cure}";
            return $"{mark}  {finding.Subject.PadRight(width)}  {finding.Text}{cure}";
        }));
    }

    private static async Task RepairAsync(CommandContext context, CancellationToken cancel)
    {
        context.Workspace.CreateHome();
        var files = new AzuriteFiles(context.Workspace);
        using var turn = await files.TakeTurnAsync(context.Log, cancel);
        if (files.AreInUse())
        {
            throw new InvalidInputException($"{context.Workspace.Storage} is in use by another distil; end it first");
        }

        foreach (var line in new AzuriteIndex(context.Workspace).Repair())
        {
            Console.WriteLine(line);
        }
    }

    private static async Task<IReadOnlyList<Finding>> FindAsync(CommandContext context)
    {
        var (workspace, sources) = (context.Workspace, context.Settings.Sources);
        using var client = new HttpClient();
        var isLocal = sources.ConnectionString is null;
        return
        [
            VersionCommand.Finding(),
            Programs.Trainer(context.Trainer),
            await Programs.NodeAsync(Programs.RunAsync, needsStorage: isLocal),
            .. isLocal ? [Programs.Azurite(workspace)] : Array.Empty<Finding>(),
            await Programs.GpuAsync(Programs.RunAsync),
            .. Surroundings.Home(workspace),
            Surroundings.Disk("disk", workspace.Home, Machine.FreeBytes),
            Surroundings.Disk("temporary files", Path.GetTempPath(), Machine.FreeBytes),
            Surroundings.Memory(Machine.MemoryBytes),
            isLocal ? Surroundings.Index(workspace) : await Surroundings.AccountAsync(sources.ConnectionString!),
            await Surroundings.HubAsync(HubOptions.From(sources.Hub).Endpoint, client),
            Surroundings.Proxy(Environment.GetEnvironmentVariable),
        ];
    }
}
