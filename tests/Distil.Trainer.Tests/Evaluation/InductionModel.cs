using Distil.Trainer.Models;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Evaluation;

/// <summary>A model with perfect memory: it predicts the token that followed the last occurrence of the present one.</summary>
/// <param name="vocabulary">V.</param>
/// <param name="reach">Number of tokens that it looks back.</param>
internal sealed class InductionModel(int vocabulary, int reach) : ILanguageModel
{
    public int VocabularySize => vocabulary;

    public int HiddenSize => vocabulary;

    public Device Device => CPU;

    public Tensor HeadWeight { get; } = eye(vocabulary);

    public IReadOnlyList<NamedParameter> TrainableParameters => [];

    public Tensor Forward(Tensor inputIds) => stack([.. Enumerable.Range(0, (int)inputIds.shape[0]).Select(b =>
    {
        var ids = inputIds[b].data<long>().ToArray();
        return nn.functional.one_hot(tensor(ids.Select((id, at) => Next(ids, id, at)).ToArray()), vocabulary).to_type(float32);
    })]);

    public (Tensor Final, IReadOnlyList<Tensor> Layers) ForwardWithLayers(Tensor inputIds) => (Forward(inputIds), []);

    public IDecodingState StartDecoding(int batch) => throw new NotSupportedException();

    public Tensor Decode(Tensor inputIds, IDecodingState state) => throw new NotSupportedException();

    public void Dispose() => HeadWeight.Dispose();

    private long Next(long[] ids, long id, int at)
    {
        var before = at == 0 ? -1 : Array.LastIndexOf(ids, id, at - 1);
        return before >= 0 && at - before <= reach ? ids[before + 1] : 0;
    }
}
