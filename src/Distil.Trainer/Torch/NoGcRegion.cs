using System.Runtime;

namespace Distil.Trainer.Torch;

/// <summary>Prevents garbage collection while torch computes; one region around each step, batch or token.</summary>
/// <remarks>
/// TorchSharp 0.107 passes the handle of a temporary <c>Scalar</c> to native calls (a plain <c>a + b</c> has one, α = 1) and keeps nothing alive during the
/// call: a collection at that moment lets the finalizer free the number that is being read. The regions of several threads count as one. A step that
/// allocates more than <see cref="Bytes"/> of managed memory ends the region early, as .NET defines it.
/// </remarks>
internal sealed class NoGcRegion : IDisposable
{
    /// <summary>Managed memory that may be allocated within a region. It is reserved, not touched: a region costs microseconds.</summary>
    internal const long Bytes = 200L << 20;

    /// <summary>
    /// Garbage, in bytes, after which a region begins with a full collection. The collection that opens a region frees nothing: without this, the garbage of
    /// steps grew to 1.5 GB.
    /// </summary>
    private const long Garbage = 64L << 20;

    private static readonly Lock Gate = new();
    private static int _open;
    private static long _live;

    private bool _disposed;

    private NoGcRegion()
    {
    }

    /// <summary>Prevents collections until the result is disposed.</summary>
    internal static NoGcRegion Begin()
    {
        lock (Gate)
        {
            // Another thread may have used up its memory, which ended the region for all: then a new one begins here.
            if (GCSettings.LatencyMode != GCLatencyMode.NoGCRegion)
            {
                Start();
            }
            _open++;
        }

        return new NoGcRegion();
    }

    /// <inheritdoc />
    public void Dispose()
    {
        lock (Gate)
        {
            if (_disposed)
            {
                return;
            }
            _disposed = true;
            if (--_open == 0 && GCSettings.LatencyMode == GCLatencyMode.NoGCRegion)
            {
                End();
            }
        }
    }

    private static void Start()
    {
        if (GC.GetTotalMemory(forceFullCollection: false) - _live > Garbage)
        {
            GC.Collect();
            _live = GC.GetTotalMemory(forceFullCollection: false);
        }

        try
        {
            GC.TryStartNoGCRegion(Bytes);
        }
        catch (InvalidOperationException)
        {
            // Another thread used up the memory, and the runtime has not finished ending that region: this part runs without one.
        }
    }

    private static void End()
    {
        try
        {
            GC.EndNoGCRegion();
        }
        catch (InvalidOperationException)
        {
            // Another thread used up the memory between the check and the call: the region has already ended, which is the intention here.
        }
    }
}
