namespace Distil.Bench.Peers;

/// <summary>A program that decodes one text, token by token.</summary>
internal interface IPeer : IDisposable
{
    /// <value>Program and form of the weights.</value>
    string Name { get; }

    /// <value>Bytes of weights that are read for a token.</value>
    long Bytes { get; }

    /// <summary>Reads a token and computes the next one's logits.</summary>
    /// <param name="token">Not negative; taken modulo the vocabulary.</param>
    void Step(int token);
}
