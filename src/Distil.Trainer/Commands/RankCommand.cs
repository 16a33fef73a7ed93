using System.CommandLine;
using System.Diagnostics;
using Distil.Core;
using Distil.Trainer.Jobs;
using Distil.Trainer.Ranks;
using Microsoft.Extensions.Logging;

namespace Distil.Trainer.Commands;

/// <summary><c>rank</c>: a process of a job on several GPUs. Only the job's process starts it.</summary>
internal static class RankCommand
{
    private const string Name = "rank";

    /// <summary>Start information of this command in a process of its own.</summary>
    internal static ProcessStartInfo Start() => new(DotnetProgram.Path, [typeof(RankCommand).Assembly.Location, Name]);

    internal static Command Create(ILogger log)
    {
        var command = new Command(Name, "Compute a part of a job on a further GPU; started by the job's process.") { Hidden = true };
        command.SetAction(_ =>
        {
            using var jobs = new RankJobs(log);
            return RankWorker.Run(Console.OpenStandardInput(), Console.OpenStandardOutput(), jobs.Do, error => Failures.Of(error, stopped: false));
        });
        return command;
    }
}
