using Distil.Inference.Cuda;

namespace Distil.Inference.CudaEngines;

/// <summary>What a card remembers of one sequence: its state, and the keys and values of layers that keep attention, in pages that copies share.</summary>
/// <remarks>Kernels find the pages in a table of addresses. Only sequences whose kernels have ended are changed from the host.</remarks>
internal sealed class SequenceMemory : IDisposable
{
    private const int PagePositions = Layers.AttentionCache.PagePositions; // PAGE in mixer.cuh

    private readonly CudaStudent _student;
    private readonly DeviceBuffer _state;
    private readonly DeviceBuffer? _table;
    private readonly List<Page> _pages = [];

    /// <summary>The state before a sequence's first token.</summary>
    /// <exception cref="CudaKernelException">The card has too little memory.</exception>
    internal SequenceMemory(CudaStudent student)
    {
        (_student, _state) = (student, new(student.Card, student.StateBytes));
        try
        {
            if (student.Network.CacheRecord > 0)
            {
                _table = new(student.Card, (student.MaxPositions!.Value + PagePositions - 1) / PagePositions * sizeof(long));
            }

            Restart();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <value>Number of tokens read.</value>
    internal long Position { get; private set; }

    /// <value>Address of the state.</value>
    internal long State => _state.Address;

    /// <value>Address of the table of pages; 0 if no layer keeps attention.</value>
    internal long Table => _table?.Address ?? 0;

    /// <summary>Returns to the state before the first token.</summary>
    internal void Restart()
    {
        _state.Write(_student.Network.StartOfState);
        Release();
        Position = 0;
    }

    /// <summary>Makes room for tokens that are about to be read.</summary>
    /// <exception cref="Core.Errors.InvalidInputException">The model's attention reads fewer.</exception>
    internal void Advance(int tokens)
    {
        Generation.PromptCheck.RequireRoom(Position + tokens, _student.MaxPositions);
        Position += tokens;
        while (_table is not null && (long)_pages.Count * PagePositions < Position)
        {
            Add(new(_student));
        }
    }

    /// <summary>Becomes equal to another sequence of the student.</summary>
    /// <param name="other">The other.</param>
    /// <param name="stream">Copies, in its order.</param>
    internal void CopyFrom(SequenceMemory other, CudaStream stream)
    {
        stream.Copy(other.State, State, _state.Bytes);
        Release();
        Position = other.Position;
        for (var i = 0; i < other._pages.Count; i++)
        {
            if ((i + 1L) * PagePositions <= Position)
            {
                Add(other._pages[i].Share()); // a full page is never written again
            }
            else
            {
                Add(new(_student));
                stream.Copy(other._pages[i].Values.Address, _pages[i].Values.Address, _pages[i].Values.Bytes);
            }
        }

        stream.Synchronize();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Release();
        _state.Dispose();
        _table?.Dispose();
    }

    private void Add(Page page)
    {
        _pages.Add(page);
        _table!.Write((_pages.Count - 1L) * sizeof(long), page.Values.Address);
    }

    private void Release()
    {
        foreach (var page in _pages)
        {
            page.Release();
        }

        _pages.Clear();
    }

    private sealed class Page(CudaStudent student)
    {
        private int _owners = 1;

        internal DeviceBuffer Values { get; } = new(student.Card, (long)PagePositions * student.Network.CacheRecord * sizeof(float));

        internal Page Share()
        {
            _owners++;
            return this;
        }

        internal void Release()
        {
            if (--_owners == 0)
            {
                Values.Dispose();
            }
        }
    }
}
