using Distil.Core.Documents;
using Distil.Core.Models.Folders;
using Distil.Trainer.Kernels;
using static TorchSharp.torch;

namespace Distil.Trainer.Models;

/// <summary>A causal language model that Distil can train on, teach with, evaluate and generate from. Teacher and student are both one.</summary>
/// <remarks>The head is separate from the body, so that logits can be computed in chunks of positions and never exist in full.</remarks>
public interface ILanguageModel : IDisposable
{
    /// <value>V, the number of rows of the embedding and of the head.</value>
    int VocabularySize { get; }

    /// <value>D, the model width.</value>
    int HiddenSize { get; }

    /// <value>Device of the weights.</value>
    Device Device { get; }

    /// <value>The LM head, (V, D): the embedding's own tensor if they are tied.</value>
    Tensor HeadWeight { get; }

    /// <value>How logits follow from the products of hidden states and head.</value>
    LogitForm LogitForm => LogitForm.Plain;

    /// <summary>Logits of hidden states after the final norm.</summary>
    /// <param name="hidden">(N, D), of any floating-point type.</param>
    /// <returns>(N, V), float32. Not for training: the products are overwritten.</returns>
    sealed Tensor LogitsOf(Tensor hidden) =>
        LogitForm.ApplyIn(hidden.to_type(HeadWeight.dtype).matmul(HeadWeight.t())).to_type(ScalarType.Float32);

    /// <value>The weights that training changes, with their names on disk, in a fixed order.</value>
    IReadOnlyList<NamedParameter> TrainableParameters { get; }

    /// <value>What was read of its folder; null if it was not read from one.</value>
    ModelReading? Reading => null;

    /// <value>Which kernels the model may use.</value>
    Backend Backend => Backend.For(Device);

    /// <value>The form of each of its operations.</value>
    IReadOnlyList<OperationForm> Operations => [];

    /// <summary>Computes hidden states after the final norm, from the start of a sequence.</summary>
    /// <param name="inputIds">(B, S), int64.</param>
    /// <returns>(B, S, D), with gradient if gradients are recorded. Logits follow by <see cref="LogitsOf"/>.</returns>
    Tensor Forward(Tensor inputIds);

    /// <summary>As <see cref="Forward"/>, with every layer's output.</summary>
    /// <returns>Each (B, S, D). A teacher's are numbered as in Hugging Face: [0] is the embedding, the last is after the final norm. A student's: [i] is
    /// after block i.</returns>
    (Tensor Final, IReadOnlyList<Tensor> Layers) ForwardWithLayers(Tensor inputIds);

    /// <summary>As <see cref="Forward"/> of a teacher, with the mean of its layers' outputs without the embedding's.</summary>
    /// <returns>(B, S, D) each, the mean in float32.</returns>
    (Tensor Final, Tensor Mean) ForwardWithMean(Tensor inputIds) => MeanOfLayers(inputIds);

    /// <summary>The plain form of <see cref="ForwardWithMean"/>: all layers exist at once.</summary>
    internal sealed (Tensor Final, Tensor Mean) MeanOfLayers(Tensor inputIds)
    {
        using var scope = NewDisposeScope();
        var (final, layers) = ForwardWithLayers(inputIds);
        var mean = zeros(final.shape, ScalarType.Float32, final.device);
        foreach (var layer in layers.Skip(1))
        {
            mean.add_(layer);
        }
        return (final.MoveToOuterDisposeScope(), mean.div_(layers.Count - 1).MoveToOuterDisposeScope());
    }

    /// <summary>Creates an empty state for token-by-token decoding.</summary>
    /// <param name="batch">B, sequences decoded in parallel.</param>
    IDecodingState StartDecoding(int batch);

    /// <summary>Reads further tokens and advances the state.</summary>
    /// <param name="inputIds">(B, S), int64, S ≥ 1.</param>
    /// <param name="state">From this model's <see cref="StartDecoding"/>.</param>
    /// <returns>Hidden state of the last position after the final norm, (B, D).</returns>
    Tensor Decode(Tensor inputIds, IDecodingState state);
}

/// <summary>A trainable weight and its name on disk.</summary>
public sealed record NamedParameter(string Name, Tensor Value);

/// <summary>What a model remembers between decoding steps: a KV cache, or a recurrent state.</summary>
public interface IDecodingState : IDisposable
{
    /// <value>Tokens read so far.</value>
    long Position { get; }

    /// <value>Bytes of the state's tensors at present.</value>
    long Bytes { get; }
}
