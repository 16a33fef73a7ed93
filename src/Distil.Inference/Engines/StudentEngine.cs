using Distil.Core.Errors;
using Distil.Core.Models.Folders;
using Distil.Inference.Generation;
using Distil.Inference.Layers;
using Distil.Inference.Matrices;
using Distil.Inference.Numerics;
using Distil.Inference.Parallelism;
using Distil.Inference.Sampling;
using Distil.Inference.Weights;

namespace Distil.Inference.Engines;

/// <summary>Runs a student on the CPU, from its exported folder and without torch.</summary>
/// <remarks>
/// The results for a sequence do not depend on the other sequences of a pass, on how its tokens are divided into passes, or on the number of threads: they are
/// the same bits. A pass allocates nothing. One thread uses an engine at a time.
/// </remarks>
public sealed unsafe class StudentEngine : IStudentEngine
{
    private readonly MappedWeights _weights;
    private readonly StudentNetwork _network;
    private readonly int[] _offsets;
    private readonly WorkerTeam _team;
    private readonly Pass _pass;
    private readonly (int Row, Sampler? Sampler)[] _wanted;
    private readonly Lazy<byte[]> _fingerprint;
    private FloatBuffer _logits = new(0);
    private int _wantedCount;

    private StudentEngine(string folder, MappedWeights weights, StudentNetwork network, EngineOptions options)
    {
        (_weights, _network, _offsets) = (weights, network, new int[network.Layers.Count]);
        for (var i = 0; i < _offsets.Length; i++)
        {
            _offsets[i] = StateLength;
            StateLength = checked(StateLength + network.Layers[i].StateLength);
        }

        _team = new(options.Threads);
        _pass = new(network.Shape, options.MaxRows, _team);
        _wanted = new (int, Sampler?)[options.MaxRows];
        _fingerprint = new(() => ModelFingerprint.Of(folder, weights.Folder));
    }

    /// <value>What was read of its folder, and what was not.</value>
    public ModelReading Reading => _network.Reading;

    /// <inheritdoc/>
    public string Processor => "the CPU";

    /// <value>V, the number of tokens.</value>
    public int VocabularySize => _network.VocabularySize;

    /// <inheritdoc/>
    public int? MaxPositions => _network.MaxPositions;

    /// <value>Maximum number of tokens in a pass.</value>
    public int MaxRows => _pass.MaxRows;

    /// <value>Bytes of a sequence's state before its first token; the state stays as large unless layers keep attention.</value>
    public long StateBytes => (long)StateLength * sizeof(float);

    /// <value>Bytes by which a state grows with each token: the keys and values of layers that keep attention; 0 if none does.</value>
    public long StateBytesOfToken => (long)CacheRecord * sizeof(float);

    /// <value>Bytes of weights that are read for one token.</value>
    public long WeightBytes => _network.Head.Bytes + _network.Layers.Sum(layer => layer.WeightBytes);

    /// <value>Tells its states from those of another model; only saved states need it.</value>
    internal byte[] Fingerprint => _fingerprint.Value;

    internal int StateLength { get; }

    internal int CacheRecord => _network.CacheRecord;

    /// <summary>Whether a folder is that of a student, by <c>model_type</c> in its config.json: a teacher is none.</summary>
    /// <exception cref="InvalidInputException">config.json is missing, or names no <c>model_type</c>.</exception>
    public static bool Runs(string folder) => StudentReader.Describes(folder);

    /// <summary>Opens a student's folder.</summary>
    /// <exception cref="InvalidInputException">A file is missing or damaged, or a field, tensor or option does not fit; the message names it.</exception>
    public static StudentEngine Open(string folder, EngineOptions? options = null)
    {
        options ??= new();
        options.Validate();
        var (weights, network) = StudentReader.Read(folder, options.Weights);
        return new(folder, weights, network, options);
    }

    /// <summary>Creates the state before a sequence's first token.</summary>
    public StudentState NewState()
    {
        var state = new StudentState(this);
        for (var i = 0; i < _offsets.Length; i++)
        {
            _network.Layers[i].Start(state.Start + _offsets[i]);
        }

        return state;
    }

    /// <inheritdoc/>
    ISequenceState IStudentEngine.NewSequence() => NewState();

    /// <inheritdoc/>
    public ITextReader Begin() => new StudentText(this, NewState());

    /// <summary>Reads tokens of one or several sequences and advances their states.</summary>
    /// <param name="inputs">At most <see cref="MaxRows"/>; those of one sequence follow each other in their order.</param>
    /// <exception cref="InvalidInputException">A token is not in the vocabulary, or a sequence would have more than <see cref="MaxPositions"/> tokens;
    /// nothing is read.</exception>
    public void Run(ReadOnlySpan<StudentInput> inputs)
    {
        Check(inputs);
        _wantedCount = 0;
        _pass.Clear();
        foreach (var (sequence, token, wantsLogits, sampler) in inputs)
        {
            var state = (StudentState)sequence;
            var row = _pass.Add(state.Start, state.Position, state.Cache);
            _network.Embedding.Read((long)token * _network.Width, new(_pass.Stream[row], _network.Width));
            state.Position++;
            state.Cache?.Reserve(state.Position);
            if (wantsLogits)
            {
                _wanted[_wantedCount++] = (row, sampler);
            }
        }

        _network.Rotary?.Fill(_pass);
        for (var i = 0; i < _offsets.Length; i++)
        {
            _network.Layers[i].Forward(_pass, _offsets[i]);
        }

        ComputeLogits();
    }

    /// <summary>The logits after an input of the last pass that wanted them, (V); valid until the next pass.</summary>
    /// <param name="index">Counts these inputs, from 0.</param>
    public ReadOnlySpan<float> Logits(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)_wantedCount, nameof(index));
        return new(Logits().Start + (long)index * LogitStride, VocabularySize);
    }

    /// <inheritdoc/>
    public int Choose(int index) => _wanted[index].Sampler?.Next(Logits(index)) ?? LogitScan.IndexOf(Logits(index), LogitScan.Max(Logits(index)));

    /// <inheritdoc/>
    public void Dispose()
    {
        _team.Dispose();
        _pass.Dispose();
        _logits.Dispose();
        _network.Dispose();
        _weights.Dispose();
    }

    private int LogitStride => Matrix.BlocksOf(VocabularySize) * Matrix.Block;

    private RowBlock Logits() => new(_logits.Start, LogitStride);

    private void ComputeLogits()
    {
        if (_wantedCount == 0)
        {
            return;
        }

        if (_logits.Length < (long)_wantedCount * LogitStride)
        {
            _logits.Dispose();
            _logits = new((long)_wantedCount * LogitStride);
        }

        for (var i = 0; i < _wantedCount; i++)
        {
            _network.FinalNorm.Apply(_pass.Stream[_wanted[i].Row], _pass.Normed[i]);
        }

        _pass.Product.Multiply(_network.Head, _pass.Normed, Logits(), _wantedCount);
    }

    private void Check(ReadOnlySpan<StudentInput> inputs)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(inputs.Length, MaxRows, nameof(inputs));
        foreach (var input in inputs)
        {
            if (input.State is not StudentState state || !ReferenceEquals(state.Engine, this))
            {
                throw new ArgumentException("a state belongs to another engine", nameof(inputs));
            }
        }

        StudentInput.Check(inputs, VocabularySize, MaxPositions);
    }
}
