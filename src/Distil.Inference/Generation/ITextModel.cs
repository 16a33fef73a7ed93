namespace Distil.Inference.Generation;

/// <summary>A causal language model that texts can be generated with: the engine's student, or a model in torch.</summary>
public interface ITextModel
{
    /// <value>V, the number of tokens.</value>
    int VocabularySize { get; }

    /// <value>Maximum number of tokens of a text, if a layer has attention over all of it; null if any number can be read.</value>
    int? MaxPositions { get; }

    /// <summary>Begins a text.</summary>
    ITextReader Begin();
}

/// <summary>A text that a model reads token by token.</summary>
public interface ITextReader : IDisposable
{
    /// <summary>Reads further tokens.</summary>
    /// <param name="tokens">At least one, each inside the vocabulary.</param>
    /// <param name="cancel">Checked between pieces of a long input.</param>
    /// <returns>The logits after the last token, (V); valid until the next call.</returns>
    ReadOnlySpan<float> Read(ReadOnlySpan<int> tokens, CancellationToken cancel);
}
