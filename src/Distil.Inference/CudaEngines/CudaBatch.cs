using Distil.Inference.Cuda;
using Distil.Inference.Sampling;

namespace Distil.Inference.CudaEngines;

/// <summary>Some sequences that a student on a card reads together, a token of each at a time. One thread uses it at a time.</summary>
/// <remarks>A step's kernels are recorded once, as a CUDA graph; the card feeds the chosen tokens back to itself.</remarks>
internal sealed class CudaBatch : IDisposable
{
    private readonly CudaStudent _student;
    private readonly CudaStream _stream;
    private readonly Workspace _memory;
    private readonly SequenceMemory[] _sequences;
    private readonly SequenceAddresses _addresses;
    private readonly CudaGraph _read, _choose;
    private readonly PinnedBuffer<float> _logits;
    private readonly PinnedBuffer<int> _chosen;
    private DeviceSampling? _sampling;
    private CudaGraph? _draw;

    /// <param name="student">The student.</param>
    /// <param name="sequences">How many, 1 to 64.</param>
    /// <exception cref="CudaKernelException">The card has too little memory.</exception>
    internal CudaBatch(CudaStudent student, int sequences)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(sequences, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sequences, StepQueue.MaxRows);
        var card = student.Card;
        (_student, Sequences, _stream) = (student, sequences, new(card));
        _memory = new(card, student.Network.Shape, sequences);
        _sequences = [.. Enumerable.Range(0, sequences).Select(_ => new SequenceMemory(student))];
        _addresses = new(card, sequences, student.Network.CacheRecord > 0);
        _addresses.Write(_sequences);
        (_logits, _chosen) = (new(card, student.VocabularySize), new(card, sequences * Workspace.MaxSteps));
        Queue = student.Queue(_memory, _addresses.Table(sequences), steps: 1, _stream);
        Advance(2);
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
        foreach (var sequence in _sequences)
        {
            sequence.Restart();
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
            Advance(piece.Length / Sequences);
            _memory.Fed.Write(piece);
            Repeat(_read, EnqueueRead, piece.Length / Sequences);
        }
    }

    /// <summary>Reads a token of each sequence, then chooses next ones and reads them, but for the last.</summary>
    /// <param name="tokens">(sequences), each inside the vocabulary.</param>
    /// <param name="steps">How many are chosen, 1 to <see cref="Workspace.MaxSteps"/>; 1 with penalties.</param>
    /// <param name="samplers">How each sequence's are chosen; none for the most likely tokens.</param>
    /// <returns>(steps, sequences); valid until the next call.</returns>
    /// <exception cref="Core.Errors.InvalidInputException">The model's attention reads fewer tokens.</exception>
    /// <exception cref="ArithmeticException">A logit is not a number, or none is finite.</exception>
    internal ReadOnlySpan<int> Choose(ReadOnlySpan<int> tokens, int steps, params ReadOnlySpan<Sampler?> samplers)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(steps, Workspace.MaxSteps);
        ArgumentOutOfRangeException.ThrowIfNotEqual(tokens.Length, Sequences);
        _stream.Synchronize();
        Advance(steps);
        _memory.Tokens.Write(tokens);
        if (DeviceSampling.Needs(samplers))
        {
            Draw(steps, samplers);
        }
        else
        {
            Repeat(_choose, EnqueueChoice, steps);
        }

        var chosen = _chosen.Values[..(steps * Sequences)];
        _stream.CopyToHost(_memory.Chosen, chosen);
        _stream.Synchronize();
        DeviceSampling.Accept(samplers, chosen);
        return chosen;
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
        var length = _student.Network.StateLength;
        using var state = new PinnedBuffer<float>(_student.Card, length);
        var states = new float[Sequences * length];
        for (var i = 0; i < Sequences; i++)
        {
            _stream.CopyToHost(_sequences[i].State, state.Values);
            _stream.Synchronize();
            state.Values.CopyTo(states.AsSpan(i * length));
        }

        return states;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stream.Synchronize();
        foreach (IDisposable? part in (IDisposable?[])[_read, _choose, _draw, _logits, _chosen, _sampling, .. _sequences, _addresses, _memory, _stream])
        {
            part?.Dispose();
        }
    }

    private void EnqueueRead()
    {
        Queue.Launch("feed", new(1, StepQueue.MaxRows), _memory.Fed.Address, Sequences, _memory.Tokens.Address, _memory.Step);
        _student.Network.EnqueueRead(Queue);
    }

    private void EnqueueChoice()
    {
        _student.Network.EnqueueRead(Queue);
        _student.Network.EnqueueLogits(Queue, _memory.Stream);
        Queue.Choose(_student.VocabularySize, listed: true);
    }

    private void EnqueueDraw()
    {
        _student.Network.EnqueueRead(Queue);
        _student.Network.EnqueueLogits(Queue, _memory.Stream);
        _sampling!.Enqueue(Queue, listed: true);
    }

    private void Draw(int steps, ReadOnlySpan<Sampler?> samplers)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(samplers.Length, Sequences);
        var isLoaded = _sampling is not null;
        _sampling ??= new(_student.Card, _stream, _student.VocabularySize, Sequences);
        _sampling.Prepare(samplers, steps);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(steps, _sampling.Penalizes ? 1 : Workspace.MaxSteps);
        _draw ??= isLoaded && !_sampling.Penalizes ? _stream.Capture(EnqueueDraw) : null;
        Repeat(_sampling.Penalizes ? null : _draw, EnqueueDraw, steps);
    }

    private void Advance(int steps)
    {
        foreach (var sequence in _sequences)
        {
            sequence.Advance(steps);
        }
    }

    private void Repeat(CudaGraph? graph, Action enqueue, int steps)
    {
        _stream.Clear(_memory.Step, sizeof(int));
        for (var i = 0; i < steps; i++)
        {
            if (UsesGraphs && graph is not null)
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
