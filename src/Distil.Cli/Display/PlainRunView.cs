using Distil.Core.Artifacts.Kinds;
using Distil.Core.Runs;

namespace Distil.Cli.Display;

/// <summary>Lines of text, for logs and pipes: one whenever the stage advances, and one every ten seconds in between.</summary>
/// <param name="output">Receives the lines.</param>
/// <param name="time">The clock.</param>
/// <param name="prefix">Text before each line, if several runs share the output.</param>
internal sealed class PlainRunView(TextWriter output, TimeProvider time, string prefix = "") : IRunView
{
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);

    private (JobKind? Stage, int? Epoch, int Done)? _shown;
    private long _shownAt;

    /// <inheritdoc />
    public async Task ShowAsync(Func<Task<StatusAndProgress?>> next, Task ended)
    {
        while (!ended.IsCompleted)
        {
            if (await next() is { } snapshot)
            {
                Show(snapshot);
            }

            await Task.WhenAny(ended, Task.Delay(Look, time));
        }

        if (await next() is { } last)
        {
            Show(last);
        }
    }

    internal void Show(StatusAndProgress snapshot)
    {
        var status = snapshot.Status;
        var at = (status.Stage, status.Epoch, status.StageDone);
        if (at == _shown && time.GetElapsedTime(_shownAt) < Between)
        {
            return;
        }

        _shown = at;
        _shownAt = time.GetTimestamp();
        output.WriteLine(prefix + Line(snapshot));
    }

    private string Line(StatusAndProgress snapshot)
    {
        var status = snapshot.Status;
        var elapsed = time.GetUtcNow() - status.StartedAt;
        var stage = status.State == RunState.Running ? StageNames.Of(status) : status.State.ToString().ToLowerInvariant();
        var line = $"{elapsed:hh\\:mm\\:ss}  {stage}";
        if (status.State == RunState.Running && status.StageTotal > 0)
        {
            line += $"  {status.StageDone}/{status.StageTotal}";
        }

        var details = snapshot.Describe(time.GetUtcNow());
        return details.Length > 0 ? $"{line}  {details}" : line;
    }
}
