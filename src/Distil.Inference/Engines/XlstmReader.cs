using Distil.Inference.Layers;
using Distil.Inference.Matrices;
using Distil.Inference.Models;
using Distil.Inference.Weights;
using static Distil.Inference.Engines.EngineWeights;

namespace Distil.Inference.Engines;

/// <summary>Reads the weights of the paper's student from its folder into the form that the engine uses: the names and layouts that training reads, any
/// floating type.</summary>
internal sealed unsafe class XlstmReader(MappedWeights weights, XlstmConfig config, IReadOnlyList<string> warnings, WeightFormat format)
{
    private readonly HashSet<string> _read = [];
    private readonly string _because = $"{XlstmConfigFile.Name} (embedding_dim {config.Width}, vocab_size {config.VocabularySize})";

    /// <summary>The whole student.</summary>
    /// <exception cref="Core.Errors.InvalidInputException">A tensor is missing, does not fit, has a value that is not finite, or is left over.</exception>
    internal StudentNetwork Read()
    {
        var (embedding, head, finalNorm, layers) = (Embedding(), Head(), new LayerNorm(OnePlus(Find(XlstmTensorNames.FinalNorm, config.Width))), new List<Layer>());
        for (var block = 0; block < config.Blocks; block++)
        {
            layers.Add(config.IsSlstm(block) ? new SLstmLayer(config, SLstm(block)) : new MLstmLayer(config, MLstm(block)));
        }

        return new()
        {
            Width = config.Width, VocabularySize = config.VocabularySize, Embedding = embedding, Layers = layers, FinalNorm = finalNorm, Head = head,
            Shape = PassShape.Of(config), Reading = StudentTensors.Check(weights.Folder, _read, XlstmTensorNames.Inside, warnings),
        };
    }

    private MappedTensor Embedding() => Find(XlstmTensorNames.Embedding, config.VocabularySize, config.Width);

    /// <summary>The head, (V, D): the embedding if they are tied.</summary>
    private Matrix Head()
    {
        var tied = config.TieWeights && !weights.Folder.Contains(XlstmTensorNames.Found(weights.Folder, XlstmTensorNames.Head));
        return Dense(tied ? Embedding() : Find(XlstmTensorNames.Head, config.VocabularySize, config.Width), config.VocabularySize, config.Width, format);
    }

    private MLstmLayerWeights MLstm(int block)
    {
        int width = config.Width, inner = config.MlstmInnerWidth, heads = config.MlstmHeads, size = config.QkvBlockSize;
        MappedTensor Named(string name, params long[] shape) => Find(XlstmTensorNames.OfBlock(block, name), shape);
        BlockDiagonal Blocks(string name) => new(inner, size, Named(name, inner / size, size, size).ReadAll());
        var (input, forget) = (Named(MLstmTensorNames.InputGate, heads, 3 * inner), Named(MLstmTensorNames.ForgetGate, heads, 3 * inner));
        return new(
            OnePlus(Named(MLstmTensorNames.Norm, width)),
            Dense(Named(MLstmTensorNames.Up, 2 * inner, width), 2 * inner, width, format),
            new(
                inner, config.MlstmConvKernel, Named(MLstmTensorNames.Convolution, inner, 1, config.MlstmConvKernel).ReadAll(),
                Named(MLstmTensorNames.ConvolutionBias, inner).ReadAll()),
            Blocks(MLstmTensorNames.Query), Blocks(MLstmTensorNames.Key), Blocks(MLstmTensorNames.Value),
            Stacked(input, forget, heads, 3 * inner),
            Vector(Named(MLstmTensorNames.InputBias, heads)), Vector(Named(MLstmTensorNames.ForgetBias, heads)),
            OnePlus(Named(MLstmTensorNames.HeadNorm, inner)), Vector(Named(MLstmTensorNames.Skip, inner)),
            Dense(Named(MLstmTensorNames.Down, width, inner), width, inner, format));
    }

    private SLstmLayerWeights SLstm(int block)
    {
        int width = config.Width, feedForward = config.FeedForwardWidth, heads = config.SlstmHeads, size = width / heads;
        MappedTensor Named(string name, params long[] shape) => Find(XlstmTensorNames.OfBlock(block, name), shape);
        Matrix Gate(string name) => Dense(Named(name, heads, size, size), width, size, WeightFormat.Float32);
        var vanilla = XlstmTensorNames.IsVanilla(weights.Folder, block, config);
        return new(
            OnePlus(Named(SLstmTensorNames.Norm, width)),
            new(
                width, config.SlstmConvKernel, Named(SLstmTensorNames.Convolution, width, 1, config.SlstmConvKernel).ReadAll(),
                Named(SLstmTensorNames.ConvolutionBias, width).ReadAll()),
            [Gate(SLstmTensorNames.InputGate), Gate(SLstmTensorNames.ForgetGate), Gate(SLstmTensorNames.CellGate), Gate(SLstmTensorNames.OutputGate)],
            vanilla
                ? Dense(Named(SLstmTensorNames.Recurrent, heads, 4 * size, size), 4 * width, size, WeightFormat.Float32)
                : Transposed(Named(SLstmTensorNames.Recurrent, heads, size, 4 * size), heads, size, 4 * size),
            Vector(RecurrentBias(config, Named(SLstmTensorNames.RecurrentBias, 4 * width).ReadAll(), vanilla)),
            OnePlus(Named(SLstmTensorNames.HeadNorm, width)), OnePlus(Named(SLstmTensorNames.FeedForwardNorm, width)),
            Dense(Named(SLstmTensorNames.FeedForwardUp, 2 * feedForward, width), 2 * feedForward, width, format),
            Activation.Of(config.FeedForwardActivation),
            Dense(Named(SLstmTensorNames.FeedForwardDown, width, feedForward), width, feedForward, format));
    }

    /// <summary>b as (NH, 4, DH); the vanilla layout is (4, NH, DH).</summary>
    internal static float[] RecurrentBias(XlstmConfig config, float[] stored, bool vanilla)
    {
        if (!vanilla)
        {
            return stored;
        }

        var (heads, size, bias) = (config.SlstmHeads, config.Width / config.SlstmHeads, new float[stored.Length]);
        for (var section = 0; section < 4 * heads; section++)
        {
            var (gate, head) = (section / heads, section % heads);
            stored.AsSpan(section * size, size).CopyTo(bias.AsSpan((head * 4 + gate) * size, size));
        }

        return bias;
    }

    private MappedTensor Find(string name, params long[] shape)
    {
        var found = XlstmTensorNames.Found(weights.Folder, name);
        _read.Add(found);
        return weights.Find(found, shape, _because);
    }
}
