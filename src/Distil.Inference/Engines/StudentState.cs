using Distil.Core;
using Distil.Core.Errors;
using Distil.Inference.Layers;
using Distil.Inference.Numerics;

namespace Distil.Inference.Engines;

/// <summary>What a student remembers of one sequence; a copy continues the sequence independently.</summary>
/// <remarks>Its size is constant unless layers of the student keep attention: then their keys and values of all tokens are added, in pages of
/// <see cref="AttentionCache.PagePositions"/> tokens, which copies share.</remarks>
public sealed unsafe class StudentState : ISequenceState
{
    private readonly FloatBuffer _values;

    internal StudentState(StudentEngine engine)
    {
        (Engine, _values) = (engine, new(engine.StateLength));
        Cache = engine.CacheRecord > 0 ? new(engine.CacheRecord) : null;
    }

    /// <value>Number of tokens read.</value>
    public long Position { get; internal set; }

    /// <value>Bytes that it takes.</value>
    public long Bytes => Engine.StateBytes + (Cache?.Bytes ?? 0);

    internal StudentEngine Engine { get; }

    internal AttentionCache? Cache { get; }

    internal float* Start => _values.Start;

    internal Span<float> Values => _values.Span(0, Engine.StateLength);

    /// <summary>Copies the state.</summary>
    public StudentState Fork()
    {
        var copy = new StudentState(Engine);
        copy.CopyFrom(this);
        return copy;
    }

    /// <summary>Becomes equal to another state of the same engine.</summary>
    public void CopyFrom(StudentState other)
    {
        if (!ReferenceEquals(other.Engine, Engine))
        {
            throw new ArgumentException("the state belongs to another engine", nameof(other));
        }

        if (ReferenceEquals(other, this))
        {
            return;
        }

        other.Values.CopyTo(Values);
        Position = other.Position;
        Cache?.CopyFrom(other.Cache!, Position);
    }

    /// <inheritdoc/>
    ISequenceState ISequenceState.Fork() => Fork();

    /// <inheritdoc/>
    void ISequenceState.CopyFrom(ISequenceState other) =>
        CopyFrom(other as StudentState ?? throw new ArgumentException("the state belongs to another engine", nameof(other)));

    /// <summary>Writes the state to a file, completely or not at all.</summary>
    public void Save(string path) => AtomicFile.Write(path, temporary => StateFile.Write(temporary, this));

    /// <summary>Reads a saved state.</summary>
    /// <param name="path">The file.</param>
    /// <param name="engine">An engine of the model that the state was saved from, with any format of the weights.</param>
    /// <exception cref="InvalidInputException">The file is missing, damaged, of another version or of another model.</exception>
    public static StudentState Load(string path, StudentEngine engine) => StateFile.Read(path, engine);

    /// <inheritdoc/>
    public void Dispose()
    {
        _values.Dispose();
        Cache?.Dispose();
    }
}
