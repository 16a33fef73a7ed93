using Distil.Core.Models;
using Distil.Core.Safetensors;
using Distil.Trainer.Safetensors;
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
        var config = TransformerConfigFile.Read(folder);
        using var files = WeightFolder.Open(folder);
        var embedding = Read(files, config, "model.embed_tokens.weight");
        return new EmbeddingAndHead(embedding, config.TiedHead ? embedding : Read(files, config, "lm_head.weight"));
    }

    /// <inheritdoc />
    public void Dispose()
    {
        Embedding.Dispose();
        Head.Dispose();
    }

    private static Tensor Read(WeightFolder files, TransformerConfig config, string name) => files.ReadExact(
        name,
        [config.VocabularySize, config.HiddenSize],
        $"config.json (vocab_size {config.VocabularySize}, hidden_size {config.HiddenSize})",
        ScalarType.Float32).DetachFromDisposeScope();
}
