using System.CommandLine;
using Distil.Cli.Hosting;
using Distil.Cli.Runs;
using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Leases;
using Distil.Core.Errors;
using Distil.Core.Pipeline.Activities;

namespace Distil.Cli.Commands;

/// <summary><c>distil cancel</c>: asks the process that drives a run to stop it. That process finds the request in storage when it next polls.</summary>
internal static class CancelCommand
{
    internal static Command Create(CommandContext context)
    {
        var runId = CommonOptions.RunId();
        var command = new Command("cancel", "Stop a run; its checkpoints are not deleted.") { runId };
        command.SetAction(async (parsed, cancel) =>
        {
            await using var storage = await context.OpenStorageAsync(port: null, cancel);
            var id = await RunNames.ResolveAsync(storage.Store, parsed.GetRequiredValue(runId), cancel);
            var status = await StatusCommand.ReadAsync(storage.Store, id, cancel);
            if (status.HasEnded)
            {
                throw new InvalidInputException($"{id} has ended: {status.State.ToString().ToLowerInvariant()}");
            }

            await new RequestCancel(storage.Store).RunAsync(id, cancel);
            if (await Lease.FindHolderAsync(storage.Store, ArtifactLayout.Driver(id), cancel) is null)
            {
                // Nobody drives the run, so nobody would find the request: the run is ended here, because no job of it is started any more.
                await using var host = new EmbeddedRunHost(context.Workspace, storage, context.Trainer, maxJobs: 1, context.Log);
                var run = await host.ResumeAsync(id, cancel);
                Console.WriteLine($"{id} is {(await run.Outcome).State.ToString().ToLowerInvariant()}");
                return ExitCode.Success;
            }

            Console.WriteLine($"{id} is asked to stop; `distil status {id}` says when it has");
            return ExitCode.Success;
        });
        return command;
    }
}
