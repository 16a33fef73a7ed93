using Distil.Core;
using Distil.Core.Errors;
using Distil.Inference.Numerics;

namespace Distil.Inference.Engines;

/// <summary>What a student remembers of one sequence. Its size is constant; a copy continues the sequence independently.</summary>
public sealed unsafe class StudentState : IDisposable
{
    private readonly FloatBuffer _values;

    internal StudentState(StudentEngine engine) => (Engine, _values) = (engine, new(engine.StateLength));

    /// <value>Number of tokens read.</value>
    public long Position { get; internal set; }

    /// <value>Bytes that it takes.</value>
    public long Bytes => Engine.StateBytes;

    internal StudentEngine Engine { get; }

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

        other.Values.CopyTo(Values);
        Position = other.Position;
    }

    /// <summary>Writes the state to a file, completely or not at all.</summary>
    public void Save(string path) => AtomicFile.Write(path, temporary => StateFile.Write(temporary, this));

    /// <summary>Reads a saved state.</summary>
    /// <param name="path">The file.</param>
    /// <param name="engine">An engine of the model that the state was saved from, with any format of the weights.</param>
    /// <exception cref="InvalidInputException">The file is missing, damaged, of another version or of another model.</exception>
    public static StudentState Load(string path, StudentEngine engine) => StateFile.Read(path, engine);

    /// <inheritdoc/>
    public void Dispose() => _values.Dispose();
}
