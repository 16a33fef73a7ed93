using Distil.Core.Models.Folders;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Transformers;

/// <summary>The two matrices of a Transformer that a student inherits, read without the rest of the model.</summary>
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
        return new EmbeddingAndHead(embedding, files.Config.TiedHead ? embedding : files.Read(TransformerTensors.Head, ScalarType.Float32, CPU));
    }

    /// <inheritdoc />
    public void Dispose()
    {
        Embedding.Dispose();
        Head.Dispose();
    }
}
