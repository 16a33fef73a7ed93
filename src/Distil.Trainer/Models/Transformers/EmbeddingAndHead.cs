using Distil.Core.Models.Folders;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Transformers;

/// <summary>The two matrices of a Transformer that a student inherits, read without the rest of the model.</summary>
/// <remarks>The head is divided as the teacher's logits are (Granite), with the embedding if they are tied.</remarks>
/// <param name="Embedding">(V, D), float32, on the CPU.</param>
/// <param name="Head">(V, D); the same object as <paramref name="Embedding"/> if they are tied.</param>
public sealed record EmbeddingAndHead(Tensor Embedding, Tensor Head) : IDisposable
{
    /// <summary>Reads both from a Hugging Face folder.</summary>
    /// <exception cref="Core.Errors.InvalidInputException">A file, field or weight is missing or does not fit.</exception>
    public static EmbeddingAndHead Read(string folder)
    {
        using var files = TransformerFolder.Open(folder);
        var embedding = files.Read(TransformerTensors.Embedding, ScalarType.Float32, CPU);
        var head = files.Config.TiedHead ? embedding : files.Read(TransformerTensors.Head, ScalarType.Float32, CPU);
        new LogitForm(files.Config.Form.LogitDivisor, Cap: null).ApplyIn(head);
        return new EmbeddingAndHead(embedding, head);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        Embedding.Dispose();
        Head.Dispose();
    }
}
