using System.Threading.Channels;
using Distil.Core.Runs;

namespace Distil.Cli.Engine;

/// <summary>Writes a run's status whenever it changes: in order, only the latest of several that wait, and always the last one.</summary>
internal sealed class StatusPublisher : IAsyncDisposable
{
    private readonly Channel<RunStatus> _waiting =
        Channel.CreateBounded<RunStatus>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });
    private readonly Task _writing;
    private volatile RunStatus? _latest;

    /// <param name="write">Writes one status.</param>
    internal StatusPublisher(Func<RunStatus, Task> write) => _writing = Task.Run(async () =>
    {
        await foreach (var status in _waiting.Reader.ReadAllAsync())
        {
            await write(status);
        }
    });

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
        _waiting.Writer.TryComplete();
        await _writing;
    }
}
