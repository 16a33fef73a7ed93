using Distil.Inference.Engines;
using Distil.Inference.Matrices;

namespace Distil.Bench.Peers;

/// <summary>Distil's own engine.</summary>
internal sealed class EnginePeer : IPeer
{
    private readonly StudentEngine _engine;
    private readonly StudentState _state;

    internal EnginePeer(string folder, WeightFormat format, int threads)
    {
        (_engine, Name) = (StudentEngine.Open(folder, new() { Weights = format, Threads = threads }), $"Distil, {format.ToString().ToLowerInvariant()}");
        _state = _engine.NewState();
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public long Bytes => _engine.WeightBytes;

    /// <inheritdoc/>
    public void Step(int token)
    {
        var input = new StudentInput(_state, token % _engine.VocabularySize, true);
        _engine.Run(new ReadOnlySpan<StudentInput>(in input));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _state.Dispose();
        _engine.Dispose();
    }
}
