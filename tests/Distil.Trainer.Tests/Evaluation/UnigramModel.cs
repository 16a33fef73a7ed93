using Distil.Trainer.Models;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Evaluation;

/// <summary>A model without memory: each token has a constant probability.</summary>
internal sealed class UnigramModel(double[] probabilities) : ILanguageModel
{
    public int VocabularySize => probabilities.Length;

    public int HiddenSize => 1;

    public Device Device => CPU;

    public Tensor HeadWeight { get; } = tensor(probabilities.Select(each => (float)Math.Log(each)).ToArray()).unsqueeze(-1);

    public IReadOnlyList<NamedParameter> TrainableParameters => [];

    public Tensor Forward(Tensor inputIds) => ones(inputIds.shape[0], inputIds.shape[1], 1);

    public (Tensor Final, IReadOnlyList<Tensor> Layers) ForwardWithLayers(Tensor inputIds) => (Forward(inputIds), []);

    public IDecodingState StartDecoding(int batch) => throw new NotSupportedException();

    public Tensor Decode(Tensor inputIds, IDecodingState state) => throw new NotSupportedException();

    public void Dispose() => HeadWeight.Dispose();
}
