using System.Runtime;

namespace Distil.Trainer.Torch;

/// <summary>No garbage collection while torch computes: one around each step, batch or token.</summary>
/// <remarks>
/// TorchSharp 0.107 hands native calls the handle of a temporary <c>Scalar</c> (a plain <c>a + b</c> has one, α = 1) and keeps nothing alive over the
/// call: a collection at that moment lets the finalizer free the number that is being read. Pauses of several threads count as one.
/// A step that allocates more than <see cref="Bytes"/> of managed memory ends the pause early, as .NET has it.
/// </remarks>
internal sealed class NoGcRegion : IDisposable
{
    /// <summary>Managed memory that may be allocated during a pause. Reserved, not touched: a pause costs microseconds.</summary>
    internal const long Bytes = 200L << 20;

    /// <summary>
    /// Garbage, in bytes, after which a pause begins with a whole collection. The one that opens a region frees nothing: without this, what steps leave behind
    /// piled up to 1.5 GB.
    /// </summary>
    private const long Garbage = 64L << 20;

    private static readonly Lock Gate = new();
    private static int _open;
    private static long _live;

    private bool _disposed;

    private NoGcRegion()
    {
    }

    /// <summary>Holds collections back until the result is disposed.</summary>
    internal static NoGcRegion Begin()
    {
        lock (Gate)
        {
            // Another's memory may have run out, which ended the region under it: then a new one begins here.
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

        GC.TryStartNoGCRegion(Bytes);
    }

    private static void End()
    {
        try
        {
            GC.EndNoGCRegion();
        }
        catch (InvalidOperationException)
        {
            // Another thread used the memory up between the question and the answer: the region has ended, which is all that was wanted.
        }
    }
}
