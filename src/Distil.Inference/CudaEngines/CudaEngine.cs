using Distil.Core.Errors;
using Distil.Core.Models.Folders;
using Distil.Inference.Cuda;
using Distil.Inference.Engines;
using Distil.Inference.Generation;
using Distil.Inference.Sampling;

namespace Distil.Inference.CudaEngines;

/// <summary>Runs a student on a card for several texts at once. One thread uses it at a time.</summary>
/// <remarks>
/// Sequences that read a token each are one step, recorded as a graph for each number of them. A sequence that reads more is a step by itself: its rows share
/// the products, and its memories advance row by row. Only wanted logits are computed, and only those that are asked for are copied to the host. Tokens are drawn
/// on the card.
/// </remarks>
internal sealed partial class CudaEngine : IStudentEngine
{
    private readonly CudaStudent _student;
    private readonly CudaStream _stream;
    private readonly Workspace _memory;
    private readonly SequenceAddresses _addresses;
    private readonly DeviceBuffer _last; // the streams whose logits are wanted
    private readonly PinnedBuffer<int> _tokens, _chosen;
    private readonly PinnedBuffer<float> _logits;
    private readonly Dictionary<(int Sequences, bool WithLogits, bool Draws), CudaGraph?> _graphs = [];
    private readonly List<(CudaSequence Sequence, int Token, int Wanted)> _single = [];
    private readonly Sampler?[] _samplers; // of the wanted logits
    private readonly DeviceSampling _sampling;
    private bool _draws;
    private int _wanted;

    private CudaEngine(CudaStudent student)
    {
        var card = student.Card;
        (_student, _samplers) = (student, new Sampler?[MaxRows]);
        try
        {
            _stream = new(card);
            _memory = new(card, student.Network.Shape, MaxRows);
            _sampling = new(card, _stream, student.VocabularySize, MaxRows);
            _addresses = new(card, MaxRows, student.Network.CacheRecord > 0);
            _last = new(card, (long)MaxRows * _memory.Stride * sizeof(float));
            (_tokens, _chosen, _logits) = (new(card, MaxRows), new(card, MaxRows), new(card, student.VocabularySize));
        }
        catch
        {
            Dispose(); // of what there was room for, so that the student can run on the processor beside other work on the card
            throw;
        }
    }

    /// <inheritdoc/>
    public ModelReading Reading => _student.Reading;

    /// <inheritdoc/>
    public string Processor => _student.Card.Name;

    /// <inheritdoc/>
    public int VocabularySize => _student.VocabularySize;

    /// <inheritdoc/>
    public int? MaxPositions => _student.MaxPositions;

    /// <inheritdoc/>
    public int MaxRows => StepQueue.MaxRows;

    /// <value>Bytes of a sequence's state.</value>
    internal long StateBytes => _student.StateBytes;

    /// <summary>Copies a student's folder to a card.</summary>
    /// <exception cref="InvalidInputException">A file is missing or damaged, or a field or tensor does not fit; the message names it.</exception>
    /// <exception cref="CudaKernelException">The card has too little memory, or the kernels do not compile.</exception>
    internal static CudaEngine Open(string folder, CudaPlatform platform) => new(CudaStudent.Open(folder, platform));

    /// <inheritdoc/>
    public ITextReader Begin() => _student.Begin();

    /// <inheritdoc/>
    public ISequenceState NewSequence() => new CudaSequence(this);

    /// <inheritdoc/>
    public void Run(ReadOnlySpan<StudentInput> inputs)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(inputs.Length, MaxRows, nameof(inputs));
        foreach (var input in inputs)
        {
            Own(input.State, nameof(inputs));
        }

        StudentInput.Check(inputs, VocabularySize, MaxPositions);
        PrepareChoices(inputs);
        _single.Clear();
        for (int from = 0, end; from < inputs.Length; from = end)
        {
            for (end = from + 1; end < inputs.Length && ReferenceEquals(inputs[end].State, inputs[from].State); end++)
            {
            }

            if (end > from + 1)
            {
                ReadPiece(inputs[from..end]);
            }
            else
            {
                _single.Add(((CudaSequence)inputs[from].State, inputs[from].Token, inputs[from].WantsLogits ? _wanted++ : -1));
            }
        }

        var withLogits = _single.Count == inputs.Length && _wanted == _single.Count;
        ReadSingle(withLogits);
        ComputeLogits(alreadyQueued: withLogits);
        _stream.Synchronize();
    }

    /// <inheritdoc/>
    public ReadOnlySpan<float> Logits(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)_wanted, nameof(index));
        _stream.CopyToHost(_memory.Logits + (long)index * VocabularySize * sizeof(float), _logits.Values);
        _stream.Synchronize();
        return _logits.Values;
    }

    /// <inheritdoc/>
    public int Choose(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)_wanted, nameof(index));
        DeviceSampling.Accept(_samplers.AsSpan(index, 1), _chosen.Values.Slice(index, 1));
        return _chosen.Values[index];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stream?.Synchronize();
        foreach (IDisposable? part in (IDisposable?[])[.. _graphs.Values, _tokens, _chosen, _logits, _sampling, _last, _addresses, _memory, _stream, _student])
        {
            part?.Dispose();
        }
    }

    /// <summary>A sequence's memory on the card.</summary>
    internal SequenceMemory NewMemory() => new(_student);

    /// <summary>Copies a sequence's memory, in the order of the passes.</summary>
    internal void Copy(SequenceMemory from, SequenceMemory to) => to.CopyFrom(from, _stream);

    /// <summary>The state of this engine that a caller passes.</summary>
    internal CudaSequence Own(ISequenceState state, string parameter) =>
        state is CudaSequence own && ReferenceEquals(own.Engine, this) ? own : throw new ArgumentException("a state belongs to another engine", parameter);
}
