using Distil.Core.Errors;
using Distil.Core.Models.Folders;
using Distil.Inference.Generation;
using Distil.Inference.Layers;
using Distil.Inference.Matrices;
using Distil.Inference.Models;
using Distil.Inference.Numerics;
using Distil.Inference.Parallelism;
using Distil.Inference.Weights;

namespace Distil.Inference.Engines;

/// <summary>Runs a student on the CPU, from its exported folder and without torch.</summary>
/// <remarks>
/// The results for a sequence do not depend on the other sequences of a pass, on how its tokens are divided into passes, or on the number of threads: they are
/// the same bits. A pass allocates nothing. One thread uses an engine at a time.
/// </remarks>
public sealed unsafe class StudentEngine : ITextModel, IDisposable
{
    private readonly MappedWeights _weights;
    private readonly MappedTensor _embedding;
    private readonly Layer[] _layers;
    private readonly int[] _offsets;
    private readonly FloatBuffer _finalNorm;
    private readonly Matrix _head;
    private readonly WorkerTeam _team;
    private readonly Pass _pass;
    private readonly int[] _wanted;
    private readonly Lazy<byte[]> _fingerprint;
    private FloatBuffer _logits = new(0);
    private int _wantedCount;

    private StudentEngine(string folder, MappedWeights weights, XlstmConfig config, EngineOptions options)
    {
        var reader = new StudentReader(weights, config, options.Weights);
        (_weights, Config, _embedding, _head, _finalNorm) = (weights, config, reader.Embedding(), reader.Head(), reader.FinalNorm());
        (_layers, _offsets) = (new Layer[config.Blocks], new int[config.Blocks]);
        for (var block = 0; block < config.Blocks; block++)
        {
            (_layers[block], _offsets[block]) = (reader.Layer(block), StateLength);
            StateLength += _layers[block].StateLength;
        }

        Reading = reader.Check();
        _team = new(options.Threads);
        _pass = new(PassShape.Of(config), options.MaxRows, _team);
        _wanted = new int[options.MaxRows];
        _fingerprint = new(() => ModelFingerprint.Of(folder, weights.Folder));
    }

    /// <value>The student's shape.</value>
    public XlstmConfig Config { get; }

    /// <value>What was read of its folder, and what was not.</value>
    public ModelReading Reading { get; }

    /// <value>V, the number of tokens.</value>
    public int VocabularySize => Config.VocabularySize;

    /// <value>Maximum number of tokens in a pass.</value>
    public int MaxRows => _pass.MaxRows;

    /// <value>Bytes of a sequence's state, however many tokens it has read.</value>
    public long StateBytes => (long)StateLength * sizeof(float);

    /// <value>Bytes of weights that are read for one token.</value>
    public long WeightBytes => _head.Bytes + _layers.Sum(layer => layer.WeightBytes);

    /// <value>Tells its states from those of another model; only saved states need it.</value>
    internal byte[] Fingerprint => _fingerprint.Value;

    internal int StateLength { get; }

    /// <summary>Opens a student's folder.</summary>
    /// <exception cref="InvalidInputException">A file is missing or damaged, or a field, tensor or option does not fit; the message names it.</exception>
    public static StudentEngine Open(string folder, EngineOptions? options = null)
    {
        options ??= new();
        options.Validate();
        var config = XlstmConfigFile.Read(folder);
        var weights = MappedWeights.Open(folder);
        try
        {
            return new(folder, weights, config, options);
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <summary>Creates the state before a sequence's first token.</summary>
    public StudentState NewState()
    {
        var state = new StudentState(this);
        for (var i = 0; i < _layers.Length; i++)
        {
            _layers[i].Start(state.Start + _offsets[i]);
        }

        return state;
    }

    /// <inheritdoc/>
    public ITextReader Begin() => new StudentText(this, NewState());

    /// <summary>Reads tokens of one or several sequences and advances their states.</summary>
    /// <param name="inputs">At most <see cref="MaxRows"/>; those of one sequence follow each other in their order.</param>
    /// <exception cref="InvalidInputException">A token is not in the vocabulary; nothing is read.</exception>
    public void Run(ReadOnlySpan<StudentInput> inputs)
    {
        Check(inputs);
        _wantedCount = 0;
        _pass.Clear();
        foreach (var (state, token, wantsLogits) in inputs)
        {
            var row = _pass.Add(state.Start);
            _embedding.Read((long)token * Config.Width, new(_pass.Stream[row], Config.Width));
            state.Position++;
            if (wantsLogits)
            {
                _wanted[_wantedCount++] = row;
            }
        }

        for (var i = 0; i < _layers.Length; i++)
        {
            _layers[i].Forward(_pass, _offsets[i]);
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
    public void Dispose()
    {
        _team.Dispose();
        _pass.Dispose();
        _logits.Dispose();
        _head.Dispose();
        _finalNorm.Dispose();
        foreach (var layer in _layers)
        {
            layer.Dispose();
        }

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
            Norms.Layer(_pass.Stream[_wanted[i]], _finalNorm.Start, _pass.Normed[i], Config.Width);
        }

        _pass.Product.Multiply(_head, _pass.Normed, Logits(), _wantedCount);
    }

    private void Check(ReadOnlySpan<StudentInput> inputs)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(inputs.Length, MaxRows, nameof(inputs));
        foreach (var (state, token, _) in inputs)
        {
            if (!ReferenceEquals(state.Engine, this))
            {
                throw new ArgumentException("a state belongs to another engine", nameof(inputs));
            }

            PromptCheck.Require(token, VocabularySize);
        }
    }
}
