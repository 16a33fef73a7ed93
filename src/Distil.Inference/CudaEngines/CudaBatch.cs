using Distil.Inference.Cuda;

namespace Distil.Inference.CudaEngines;

/// <summary>Some sequences that a student on a card reads together, a token of each at a time. One thread uses it at a time.</summary>
/// <remarks>A step's kernels are recorded once, as a CUDA graph; the card feeds the chosen tokens back to itself.</remarks>
internal sealed unsafe class CudaBatch : IDisposable
{
    private readonly CudaStudent _student;
    private readonly CudaStream _stream;
    private readonly Workspace _memory;
    private readonly DeviceBuffer _states, _table;
    private readonly CudaGraph _read, _choose;
    private readonly PinnedBuffer<float> _logits;
    private readonly PinnedBuffer<int> _chosen;

    /// <param name="student">The student.</param>
    /// <param name="sequences">How many, 1 to 64.</param>
    /// <exception cref="CudaKernelException">The card has too little memory.</exception>
    internal CudaBatch(CudaStudent student, int sequences)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(sequences, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sequences, StepQueue.MaxRows);
        var card = student.Card;
        (_student, Sequences, _stream) = (student, sequences, new(card));
        _memory = new(card, student.Config, sequences);
        (_states, _table) = (new(card, sequences * student.StateBytes), new(card, sequences * sizeof(long)));
        _table.Write<long>([.. Enumerable.Range(0, sequences).Select(i => _states.Address + i * student.StateBytes)]);
        (_logits, _chosen) = (new(card, student.VocabularySize), new(card, sequences * Workspace.MaxSteps));
        Queue = student.Queue(_memory, _table.Address, sequences, _stream);
        EnqueueRead(); // once without recording: a kernel is loaded when it is first launched
        EnqueueChoice();
        _stream.Synchronize();
        (_read, _choose) = (_stream.Capture(EnqueueRead), _stream.Capture(EnqueueChoice));
        Restart();
    }

    /// <value>Number of sequences.</value>
    internal int Sequences { get; }

    /// <value>Whether steps are launched as graphs, which is the default, or kernel by kernel.</value>
    internal bool UsesGraphs { get; init; } = true;

    private StepQueue Queue { get; }

    /// <summary>Sets all sequences to the state before the first token.</summary>
    internal void Restart()
    {
        _stream.Synchronize();
        fixed (float* start = _student.StartOfState())
        {
            for (var i = 0; i < Sequences; i++)
            {
                _states.Write(i * _student.StateBytes, start, _student.StateBytes);
            }
        }
    }

    /// <summary>Reads tokens.</summary>
    /// <param name="tokens">(steps, sequences), each inside the vocabulary.</param>
    internal void Read(ReadOnlySpan<int> tokens)
    {
        for (var most = Workspace.MaxSteps * Sequences; tokens.Length > 0; tokens = tokens[Math.Min(most, tokens.Length)..])
        {
            var piece = tokens[..Math.Min(most, tokens.Length)];
            _stream.Synchronize(); // the steps before have read their tokens
            _memory.Fed.Write(piece);
            Repeat(_read, EnqueueRead, piece.Length / Sequences);
        }
    }

    /// <summary>Reads a token of each sequence, then chooses the most likely next ones and reads them, but for the last.</summary>
    /// <param name="tokens">(sequences), each inside the vocabulary.</param>
    /// <param name="steps">How many are chosen, 1 to <see cref="Workspace.MaxSteps"/>.</param>
    /// <returns>(steps, sequences); valid until the next call.</returns>
    /// <exception cref="ArithmeticException">A logit is not a number, or none is finite.</exception>
    internal ReadOnlySpan<int> Choose(ReadOnlySpan<int> tokens, int steps)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(steps, Workspace.MaxSteps);
        ArgumentOutOfRangeException.ThrowIfNotEqual(tokens.Length, Sequences);
        _stream.Synchronize();
        _memory.Tokens.Write(tokens);
        Repeat(_choose, EnqueueChoice, steps);
        var chosen = _chosen.Values[..(steps * Sequences)];
        _stream.CopyToHost(_memory.Chosen, chosen);
        _stream.Synchronize();
        return chosen.Contains(-1) ? throw new ArithmeticException("a logit is not a number, or none is finite") : chosen;
    }

    /// <summary>The logits of the last choice, (V); valid until the next call.</summary>
    internal ReadOnlySpan<float> Logits(int sequence)
    {
        _stream.CopyToHost(_memory.Logits + (long)sequence * _student.VocabularySize * sizeof(float), _logits.Values);
        _stream.Synchronize();
        return _logits.Values;
    }

    /// <summary>Copies all states to the host, for comparisons.</summary>
    internal float[] States()
    {
        var states = new float[Sequences * _student.StateLength];
        fixed (float* to = states) // until the copy is done
        {
            _stream.CopyToHost(_states.Address, new Span<float>(to, states.Length));
            _stream.Synchronize();
        }

        return states;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stream.Synchronize();
        foreach (IDisposable part in (IDisposable[])[_read, _choose, _logits, _chosen, _states, _table, _memory, _stream])
        {
            part.Dispose();
        }
    }

    private void EnqueueRead()
    {
        Queue.Launch("feed", new(1, StepQueue.MaxRows), _memory.Fed.Address, Sequences, _memory.Tokens.Address, _memory.Step);
        _student.EnqueueRead(Queue);
    }

    private void EnqueueChoice()
    {
        _student.EnqueueRead(Queue);
        _student.EnqueueChoice(Queue);
    }

    private void Repeat(CudaGraph graph, Action enqueue, int steps)
    {
        _stream.Clear(_memory.Step, sizeof(int));
        for (var i = 0; i < steps; i++)
        {
            if (UsesGraphs)
            {
                graph.Launch();
            }
            else
            {
                enqueue();
            }
        }
    }
}
