using Distil.Inference.Numerics;

namespace Distil.Inference.Layers;

/// <summary>Keys and values of all positions of one sequence, for the layers that keep attention. It grows by pages; copies share the pages that are full.</summary>
/// <param name="recordLength">Floats of a position: its keys and values of all these layers.</param>
internal sealed unsafe class AttentionCache(int recordLength) : IDisposable
{
    /// <summary>Positions in a page.</summary>
    internal const int PagePositions = 64;

    private readonly List<Page> _pages = [];

    /// <value>Floats of a position.</value>
    internal int RecordLength => recordLength;

    /// <value>Bytes of its pages, shared ones included.</value>
    internal long Bytes => (long)_pages.Count * PagePositions * recordLength * sizeof(float);

    /// <summary>Makes room.</summary>
    /// <param name="positions">Number of positions from the start of the sequence.</param>
    internal void Reserve(long positions)
    {
        while ((long)_pages.Count * PagePositions < positions)
        {
            _pages.Add(new(PagePositions * recordLength));
        }
    }

    /// <summary>A position's record.</summary>
    internal float* At(long position) => _pages[(int)(position / PagePositions)].Values.Start + position % PagePositions * recordLength;

    /// <summary>The records of a position and of those after it that are in the same page.</summary>
    /// <param name="position">The first.</param>
    /// <param name="end">Position after the last.</param>
    internal Span<float> From(long position, long end) => new(At(position), (int)Math.Min(PagePositions - position % PagePositions, end - position) * recordLength);

    /// <summary>Becomes equal to another cache.</summary>
    /// <param name="other">The other.</param>
    /// <param name="positions">Positions that it contains.</param>
    internal void CopyFrom(AttentionCache other, long positions)
    {
        Dispose();
        var full = positions / PagePositions;
        for (var i = 0; i < full; i++)
        {
            _pages.Add(other._pages[i].Share()); // a full page is never written again
        }

        Reserve(positions);
        if (full * PagePositions < positions)
        {
            other.From(full * PagePositions, positions).CopyTo(From(full * PagePositions, positions));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var page in _pages)
        {
            page.Release();
        }

        _pages.Clear();
    }

    private sealed class Page(int length)
    {
        private int _owners = 1;

        internal FloatBuffer Values { get; } = new(length);

        internal Page Share()
        {
            Interlocked.Increment(ref _owners);
            return this;
        }

        internal void Release()
        {
            if (Interlocked.Decrement(ref _owners) == 0)
            {
                Values.Dispose();
            }
        }
    }
}
