using System.Threading.Channels;
using Azure;
using Distil.Core.Runs;

namespace Distil.Cli.Engine;

/// <summary>Writes a run's status whenever it changes: in order, only the latest of several that wait, and always the last one.</summary>
internal sealed class StatusPublisher : IAsyncDisposable
{
    private readonly Channel<RunStatus> _waiting =
        Channel.CreateBounded<RunStatus>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });
    private const int MaxLastTries = 10;
    private readonly Func<RunStatus, Task> _write;
    private readonly TimeSpan _pause;
    private readonly Task _writing;
    private volatile RunStatus? _latest;
    private volatile bool _ending;

    /// <param name="write">Writes one status.</param>
    /// <param name="pause">Time between the tries if storage fails; null for a second.</param>
    internal StatusPublisher(Func<RunStatus, Task> write, TimeSpan? pause = null)
    {
        (_write, _pause) = (write, pause ?? TimeSpan.FromSeconds(1));
        _writing = Task.Run(async () =>
        {
            await foreach (var status in _waiting.Reader.ReadAllAsync())
            {
                await WriteAsync(status);
            }
        });
    }

    /// <value>The latest status; null before the first.</value>
    internal RunStatus? Latest => _latest;

    internal void Publish(RunStatus status)
    {
        _latest = status;
        _waiting.Writer.TryWrite(status);
    }

    /// <summary>Returns when the last status has been written.</summary>
    public async ValueTask DisposeAsync()
    {
        _ending = true;
        _waiting.Writer.TryComplete();
        await _writing;
    }

    // Storage that is full, or does not answer, does not end a run: the status is written later, or a newer one instead.
    private async Task WriteAsync(RunStatus status)
    {
        for (var lastTries = 0; ;)
        {
            try
            {
                await _write(status);
                return;
            }
            catch (Exception failed) when (failed is RequestFailedException or AggregateException && !(_ending && ++lastTries > MaxLastTries))
            {
                await Task.Delay(_pause);
                if (_waiting.Reader.TryPeek(out _))
                {
                    return;
                }
            }
        }
    }
}
