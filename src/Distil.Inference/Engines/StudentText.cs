using Distil.Inference.Generation;

namespace Distil.Inference.Engines;

/// <summary>A text that an engine reads by itself.</summary>
internal sealed class StudentText(StudentEngine engine, StudentState state) : ITextReader
{
    private readonly StudentInput[] _inputs = new StudentInput[engine.MaxRows];

    /// <inheritdoc/>
    public ReadOnlySpan<float> Read(ReadOnlySpan<int> tokens, CancellationToken cancel)
    {
        for (var read = 0; read < tokens.Length; read += _inputs.Length)
        {
            cancel.ThrowIfCancellationRequested();
            var piece = tokens[read..Math.Min(read + _inputs.Length, tokens.Length)];
            for (var i = 0; i < piece.Length; i++)
            {
                _inputs[i] = new(state, piece[i], WantsLogits: read + i + 1 == tokens.Length);
            }

            engine.Run(_inputs.AsSpan(0, piece.Length));
        }

        return engine.Logits(0);
    }

    /// <inheritdoc/>
    public void Dispose() => state.Dispose();
}
