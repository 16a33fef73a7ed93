using Distil.Trainer.Models;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Training;

/// <summary>The smallest causal language model: each position sees its own token and the one before, optionally through dropout.</summary>
/// <remarks>Two layers; as a teacher, the embedding's output comes before them.</remarks>
internal sealed class TinyModel : ILanguageModel
{
    private readonly Tensor _embedding;
    private readonly Tensor _own;
    private readonly Tensor _before;
    private readonly double _dropout;
    private readonly bool _teacher;

    public TinyModel(int seed, double dropout = 0, bool tiedHeadTrained = false, bool teacher = false, int vocabulary = 16, int width = 8)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator((ulong)seed, CPU);
        Tensor Random(params long[] shape) => empty(shape).normal_(0, 0.5, generator).DetachFromDisposeScope();
        (VocabularySize, HiddenSize, _dropout, _teacher) = (vocabulary, width, dropout, teacher);
        _embedding = Random(vocabulary, width);
        _own = Random(width, width).requires_grad_(true);
        _before = Random(width, width).requires_grad_(true);
        var trained = new List<NamedParameter> { new("own.weight", _own), new("before.weight", _before) };
        if (tiedHeadTrained)
        {
            trained.Add(new("embedding.weight", _embedding.requires_grad_(true)));
        }
        TrainableParameters = trained;
    }

    public int VocabularySize { get; }

    public int HiddenSize { get; }

    public Device Device => CPU;

    public Tensor HeadWeight => _embedding;

    public IReadOnlyList<NamedParameter> TrainableParameters { get; }

    public Tensor Forward(Tensor inputIds) => ForwardWithLayers(inputIds).Final;

    public (Tensor Final, IReadOnlyList<Tensor> Layers) ForwardWithLayers(Tensor inputIds)
    {
        using var scope = NewDisposeScope();
        var x = _embedding.index_select(0, inputIds.flatten()).view(inputIds.shape[0], inputIds.shape[1], HiddenSize);
        var before = nn.functional.pad(x, (0, 0, 1, 0)).narrow(1, 0, x.shape[1]);
        var first = (x + x.matmul(_own)).tanh();
        var final = nn.functional.dropout(first + before.matmul(_before), _dropout, training: true);
        final.MoveToOuterDisposeScope();
        first.MoveToOuterDisposeScope();
        return (final, _teacher ? [x.MoveToOuterDisposeScope(), first, final] : [first, final]);
    }

    /// <summary>The trained weights' bytes, concatenated.</summary>
    public byte[] Bytes() => [.. TrainableParameters.SelectMany(parameter => parameter.Value.detach().cpu().bytes.ToArray())];

    public IDecodingState StartDecoding(int batch) => throw new NotSupportedException();

    public Tensor Decode(Tensor inputIds, IDecodingState state) => throw new NotSupportedException();

    public void Dispose()
    {
        _embedding.Dispose();
        _own.Dispose();
        _before.Dispose();
    }
}
