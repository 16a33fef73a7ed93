using System.Diagnostics;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Jobs;
using Distil.Hosting.Processes;

namespace Distil.Cli.Tests.Processes;

/// <summary>A runner over a stand-in for the trainer: a shell that follows the same protocol and does what the request's name says.</summary>
public abstract class ShellWorkers : IAsyncDisposable
{
    private const string Trainer = """
        echo "started $$" >> "$JOURNAL"
        while read -r request; do
          case $request in
            *crash*) echo "out of luck" >&2; exit 3 ;;
            *stubborn*) trap '' TERM; echo "at work" >> "$JOURNAL"; while :; do sleep 0.1; done ;;
            *long*) while :; do sleep 0.1; done ;;
          esac
          echo "$$ $request" >> "$JOURNAL"
          echo "done $request"
        done
        echo "input ended $$" >> "$JOURNAL"
        """;

    private protected string Journal { get; } = Path.GetTempFileName();
    private protected List<ProcessJobRunner> Runners { get; } = [];

    private protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var runner in Runners)
        {
            await runner.DisposeAsync();
        }

        File.Delete(Journal);
        GC.SuppressFinalize(this);
    }

    private protected ProcessJobRunner Create(int parallelism, TimeSpan? pollPatience = null)
    {
        var runner = new ProcessJobRunner(
            () => new ProcessStartInfo("sh", ["-c", Trainer]) { Environment = { ["JOURNAL"] = Journal } }, parallelism, pollPatience);
        Runners.Add(runner);
        return runner;
    }

    private protected static Task<string> StartAsync(ProcessJobRunner runner, string name) =>
        runner.StartAsync(JobKind.Train, new Uri($"http://127.0.0.1/distil/{name}"), isFirst: false, Cancel);

    private protected static async Task<JobState> EndOfAsync(ProcessJobRunner runner, string handle)
    {
        while (true)
        {
            var state = await runner.PollAsync(handle, Cancel);
            if (state != JobState.Running)
            {
                return state;
            }

            await Task.Delay(10, Cancel);
        }
    }

    private protected Task StartedAsync() => UntilAsync("started");

    private protected async Task UntilAsync(string words)
    {
        while (!(await File.ReadAllTextAsync(Journal, Cancel)).Contains(words, StringComparison.Ordinal))
        {
            await Task.Delay(10, Cancel);
        }
    }

    private protected async Task<int> WorkerAsync() =>
        int.Parse((await File.ReadAllLinesAsync(Journal, Cancel))[0].Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
}
