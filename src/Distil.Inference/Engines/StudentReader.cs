using Distil.Core.Models.Folders;
using Distil.Inference.Layers;
using Distil.Inference.Matrices;
using Distil.Inference.Models;
using Distil.Inference.Numerics;
using Distil.Inference.Weights;

namespace Distil.Inference.Engines;

/// <summary>Reads a student's weights from its folder into the form that the engine uses: the names and layouts that training reads, any floating type.</summary>
internal sealed unsafe class StudentReader(MappedWeights weights, XlstmConfig config, WeightFormat format)
{
    private readonly HashSet<string> _read = [];
    private readonly string _because = $"{XlstmConfigFile.Name} (embedding_dim {config.Width}, vocab_size {config.VocabularySize})";

    /// <summary>The embedding, which is read row by row.</summary>
    internal MappedTensor Embedding() => Find(XlstmTensorNames.Embedding, config.VocabularySize, config.Width);

    /// <summary>The head, (V, D): the embedding if they are tied.</summary>
    internal Matrix Head()
    {
        var tied = config.TieWeights && !weights.Folder.Contains(XlstmTensorNames.Found(weights.Folder, XlstmTensorNames.Head));
        return Dense(tied ? Embedding() : Find(XlstmTensorNames.Head, config.VocabularySize, config.Width), config.VocabularySize, config.Width, format);
    }

    /// <summary>1 + w of the norm after the blocks.</summary>
    internal FloatBuffer FinalNorm() => OnePlus(Find(XlstmTensorNames.FinalNorm, config.Width));

    /// <summary>Checks, after everything was read, that no tensor of the student is left.</summary>
    /// <exception cref="Core.Errors.InvalidInputException">There is one.</exception>
    internal ModelReading Check() => StudentTensors.Check(weights.Folder, _read, XlstmTensorNames.Inside);

    /// <summary>One block.</summary>
    internal Layer Layer(int block) => config.IsSlstm(block) ? new SLstmLayer(config, SLstm(block)) : new MLstmLayer(config, MLstm(block));

    /// <summary>The weights of an mLSTM block.</summary>
    internal MLstmLayerWeights MLstm(int block)
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
            MatrixBuilder.Build(
                WeightFormat.Float32, 2 * heads, 3 * inner,
                (row, values) => (row < heads ? input : forget).Read((long)(row % heads) * 3 * inner, values)),
            Vector(Named(MLstmTensorNames.InputBias, heads)), Vector(Named(MLstmTensorNames.ForgetBias, heads)),
            OnePlus(Named(MLstmTensorNames.HeadNorm, inner)), Vector(Named(MLstmTensorNames.Skip, inner)),
            Dense(Named(MLstmTensorNames.Down, width, inner), width, inner, format));
    }

    /// <summary>The weights of an sLSTM block.</summary>
    internal SLstmLayerWeights SLstm(int block)
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
                : Transposed(Named(SLstmTensorNames.Recurrent, heads, size, 4 * size).ReadAll(), size),
            Vector(RecurrentBias(Named(SLstmTensorNames.RecurrentBias, 4 * width).ReadAll(), vanilla)),
            OnePlus(Named(SLstmTensorNames.HeadNorm, width)), OnePlus(Named(SLstmTensorNames.FeedForwardNorm, width)),
            Dense(Named(SLstmTensorNames.FeedForwardUp, 2 * feedForward, width), 2 * feedForward, width, format),
            Activation.Of(config.FeedForwardActivation),
            Dense(Named(SLstmTensorNames.FeedForwardDown, width, feedForward), width, feedForward, format));
    }

    /// <summary>R of each head, (NH, DH, 4·DH), with its rows as columns.</summary>
    private Matrix Transposed(float[] recurrent, int size) => MatrixBuilder.Build(WeightFormat.Float32, 4 * config.Width, size, (row, values) =>
    {
        var head = row / (4 * size) * size * 4 * size;
        for (var i = 0; i < size; i++)
        {
            values[i] = recurrent[head + i * 4 * size + row % (4 * size)];
        }
    });

    /// <summary>b as (NH, 4, DH); the vanilla layout is (4, NH, DH).</summary>
    private float[] RecurrentBias(float[] stored, bool vanilla)
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

    /// <summary>A matrix in a format; in the mapped file itself if that is the file's format and needs no padding.</summary>
    private static Matrix Dense(MappedTensor tensor, int rows, int columns, WeightFormat format)
    {
        var stored = tensor.Type == MappedTensor.BFloat16 ? WeightFormat.BFloat16 : WeightFormat.Float32;
        var wanted = format == WeightFormat.AsStored ? stored : format;
        if (wanted == stored && columns % Matrix.Block == 0 && tensor.Type is MappedTensor.Float32 or MappedTensor.BFloat16)
        {
            var storage = BlockStorage.Mapped(tensor.Start);
            return stored == WeightFormat.BFloat16
                ? new BlockMatrix<BFloat16Format>(rows, columns, storage) : new BlockMatrix<Float32Format>(rows, columns, storage);
        }

        return MatrixBuilder.Build(wanted, rows, columns, (row, values) => tensor.Read((long)row * columns, values));
    }

    private static FloatBuffer Vector(MappedTensor tensor) => Vector(tensor.ReadAll());

    private static FloatBuffer OnePlus(MappedTensor tensor) => Vector([.. tensor.ReadAll().Select(w => 1 + w)]);

    private static FloatBuffer Vector(float[] values)
    {
        var buffer = new FloatBuffer(values.Length);
        values.CopyTo(buffer.Span(0, values.Length));
        return buffer;
    }
}
