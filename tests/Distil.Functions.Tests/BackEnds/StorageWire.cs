using Azure.Core;
using Azure.Core.Pipeline;

namespace Distil.Functions.Tests.BackEnds;

/// <summary>A worker's way to storage. Once it is cut, the worker is as good as killed: nothing that it still does is seen.</summary>
internal sealed class StorageWire : HttpClientTransport
{
    private volatile bool _cut;
    private long _requests;

    /// <value>Number of requests.</value>
    public long Requests => Interlocked.Read(ref _requests);

    public bool IsCut => _cut;

    public void Cut() => _cut = true;

    public override void Process(HttpMessage message)
    {
        Count();
        base.Process(message);
        Require();
    }

    public override async ValueTask ProcessAsync(HttpMessage message)
    {
        Count();
        await base.ProcessAsync(message);
        Require();
    }

    private void Count()
    {
        Require();
        Interlocked.Increment(ref _requests);
    }

    private void Require()
    {
        if (_cut)
        {
            throw new IOException("the wire is cut");
        }
    }
}
