using Distil.Core.Artifacts.Kinds;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Distil.Cli.Display;

/// <summary>A progress bar for each stage, with rate and remaining time.</summary>
internal sealed class TerminalRunView(IAnsiConsole console, TimeProvider time) : IRunView
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);

    /// <inheritdoc />
    public Task ShowAsync(Func<Task<StatusAndProgress?>> next, Task ended)
    {
        var details = new DetailColumn();
        return console.Progress()
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new SpinnerColumn(), details)
            .StartAsync(async progress =>
            {
                var bars = new Dictionary<JobKind, ProgressTask>();
                while (!ended.IsCompleted)
                {
                    if (await next() is { } snapshot)
                    {
                        Show(progress, bars, details, snapshot);
                    }

                    await Task.WhenAny(ended, Task.Delay(Look, time));
                }

                if (await next() is { } last)
                {
                    Show(progress, bars, details, last);
                }
            });
    }

    private void Show(ProgressContext progress, Dictionary<JobKind, ProgressTask> bars, DetailColumn details, StatusAndProgress snapshot)
    {
        if (snapshot.Status.Stage is not { } stage)
        {
            return;
        }

        if (!bars.TryGetValue(stage, out var bar))
        {
            bars[stage] = bar = progress.AddTask(StageNames.Of(stage), maxValue: Math.Max(1, snapshot.Status.StageTotal));

            // A stage before this one is over, unless both alternate, as training and evaluation do.
            foreach (var (_, earlier) in bars.Where(each => each.Key < stage && (each.Key is not (JobKind.Train or JobKind.Evaluate) || stage == JobKind.Export)))
            {
                earlier.Value = earlier.MaxValue;
            }
        }

        bar.Value = snapshot.StageDone;
        bar.Description = StageNames.Of(snapshot.Status);
        details.Set(bar, snapshot.Describe(time.GetUtcNow()));
    }

    private sealed class DetailColumn : ProgressColumn
    {
        private readonly Dictionary<int, string> _texts = [];

        protected override bool NoWrap => true;

        public void Set(ProgressTask bar, string text)
        {
            lock (_texts)
            {
                _texts[bar.Id] = text;
            }
        }

        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime)
        {
            lock (_texts)
            {
                return new Text(_texts.GetValueOrDefault(task.Id, ""), new Style(Color.Grey));
            }
        }
    }
}
