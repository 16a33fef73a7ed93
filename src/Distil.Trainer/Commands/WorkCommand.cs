using System.CommandLine;
using System.Runtime.InteropServices;
using Distil.Core.Artifacts;
using Distil.Core.Jobs;
using Distil.Core.Settings;
using Distil.Telemetry;
using Distil.Trainer.Jobs;
using Microsoft.Extensions.Logging;

namespace Distil.Trainer.Commands;

/// <summary><c>work</c>: runs one job, or one after another as its standard input names them.</summary>
internal static class WorkCommand
{
    internal const string Name = "work";

    private const int Succeeded = 0, Failed = 1, BadInput = 2;

    internal static Command Create(TrainerSettings settings, ILogger log)
    {
        var uri = new Argument<Uri?>("request")
        {
            Arity = ArgumentArity.ZeroOrOne,
            Description =
                "URI of a job's request.json. Without it, one URI per line is read from standard input until its end, and each is answered by 'done URI'.",
            CustomParser = parsed =>
            {
                if (!Uri.TryCreate(parsed.Tokens[0].Value, UriKind.Absolute, out var found))
                {
                    parsed.AddError($"{parsed.Tokens[0].Value} is not the URI of a job's request");
                }

                return found;
            },
        };
        var command = new Command(Name, "Run the jobs of a run: prepare, teach, train, evaluate, export.") { uri };
        command.SetAction(async (parsed, _) => await RunAsync(parsed.GetValue(uri), settings, log));
        return command;
    }

    private static async Task<int> RunAsync(Uri? request, TrainerSettings settings, ILogger log)
    {
        using var stop = new CancellationTokenSource();
        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var jobs = new JobProgram(new ArtifactCache(settings.Sources.CacheFolder), settings.Sources, TimeProvider.System, log, new(RankCommand.Start));
        using var telemetry = TelemetryExport.TryStart("distil-trainer", settings.Telemetry);
        return request is not null
            ? ExitCode(await jobs.RunAsync(request, stop.Token))
            : await WorkAsync(jobs, telemetry, Console.In, Console.Out, stop);

        void Stop(PosixSignalContext signal)
        {
            // The job ends by itself, after saving a checkpoint and writing its result.
            signal.Cancel = true;
            stop.Cancel();
        }
    }

    /// <summary>Runs jobs until the input ends. If it ends in the middle of a job, the caller is gone, and the job is stopped.</summary>
    private static async Task<int> WorkAsync(JobProgram jobs, TelemetryExport? telemetry, TextReader input, TextWriter output, CancellationTokenSource stop)
    {
        using var abandoned = new CancellationTokenSource();
        var stopped = Task.Delay(Timeout.Infinite, stop.Token);
        for (var next = NextAsync(input); ;)
        {
            if (await Task.WhenAny(next, stopped) == stopped)
            {
                return Failed;
            }
            if (await next is not { } line)
            {
                return Succeeded;
            }

            next = NextAsync(input);
            var job = jobs.RunAsync(new Uri(line), stop.Token, abandoned.Token);
            if (await Task.WhenAny(job, next) == next && await next is null)
            {
                await abandoned.CancelAsync();
                await stop.CancelAsync();
            }

            await job;
            telemetry?.Flush();
            await output.WriteLineAsync($"done {line}");
            await output.FlushAsync();
        }
    }

    // The console's own asynchronous reads block the caller.
    private static Task<string?> NextAsync(TextReader input) => Task.Run(input.ReadLine);

    private static int ExitCode(JobResult result) => result.Failure?.Class switch
    {
        null => Succeeded,
        FailureClass.InvalidInput => BadInput,
        _ => Failed,
    };
}
