using Distil.Inference.Engines;
using Distil.Inference.Models;
using Distil.Inference.Weights;
using Distil.Onnx.Graphs;
using Distil.Onnx.Weights;

namespace Distil.Onnx.Students;

/// <summary>The weights of the paper's student, from its folder into a graph, under the names that the folder has.</summary>
internal sealed class XlstmWeights(MappedWeights folder, XlstmConfig config, StoredWeights weights)
{
    private readonly HashSet<string> _read = [];
    private readonly string _because = $"{XlstmConfigFile.Name} (embedding_dim {config.Width}, vocab_size {config.VocabularySize})";

    /// <summary>Rows of the embedding, (N, D).</summary>
    internal Value Embed(Value ids) =>
        weights.Rows(
            Found(XlstmTensorNames.Embedding), Find(XlstmTensorNames.Embedding, config.VocabularySize, config.Width), config.VocabularySize, config.Width, ids);

    /// <summary>The head's logits: of the embedding's matrix if they are tied.</summary>
    internal Value Head(Value hidden)
    {
        var tied = config.TieWeights && !folder.Folder.Contains(Found(XlstmTensorNames.Head));
        return Multiply(tied ? XlstmTensorNames.Embedding : XlstmTensorNames.Head, config.VocabularySize, config.Width, hidden);
    }

    /// <summary>x Wᵀ.</summary>
    internal Value Multiply(string name, long rows, long columns, Value x) => weights.Multiply(Found(name), Find(name, rows, columns), rows, columns, x);

    /// <summary>A weight in float32.</summary>
    internal Value Floats(string name, params long[] shape) => weights.Floats(name, Find(name, shape), shape);

    /// <summary>A norm's weight, to which 1 is added.</summary>
    internal Value Norm(string name, long width) => weights.OnePlus(name, Find(name, width), width);

    /// <summary>The weights of a convolution's positions, the oldest first.</summary>
    internal IReadOnlyList<Value> Taps(string name, long width, int kernel)
    {
        var values = Find(name, width, 1, kernel).ReadAll();
        return [.. Enumerable.Range(0, kernel).Select(tap => weights.Floats(
            $"{name}.{tap}", [.. Enumerable.Range(0, (int)width).Select(unit => values[unit * kernel + tap])], width))];
    }

    /// <summary>Block-diagonal matrices side by side, each transposed: (blocks, in, out of the first and of the next).</summary>
    internal Value Blocks(long blocks, long size, params string[] names)
    {
        var (joined, columns) = (new float[blocks * size * size * names.Length], size * names.Length);
        for (var matrix = 0; matrix < names.Length; matrix++)
        {
            var values = Find(names[matrix], blocks, size, size).ReadAll(); // (blocks, out, in)
            for (var i = 0; i < values.Length; i++)
            {
                var (block, output, input) = (i / (size * size), i / size % size, i % size);
                joined[(block * size + input) * columns + matrix * size + output] = values[i];
            }
        }

        return weights.Small([.. names.Select(Found)], joined, blocks, size, columns);
    }

    /// <summary>Matrices one below the other, in float32.</summary>
    internal Value Stacked(string first, string second, params long[] shape) => weights.Floats(
        $"{first}+{second}", [.. Find(first, shape).ReadAll(), .. Find(second, shape).ReadAll()], [2 * shape[0], .. shape[1..]]);

    /// <summary>A block's recurrent matrices, (NH, DH, 4·DH), and their bias, (NH, 4·DH).</summary>
    internal (Value Kernel, Value Bias) Recurrence(int block, long heads, long size)
    {
        var vanilla = XlstmTensorNames.IsVanilla(folder.Folder, block, config);
        string kernel = XlstmTensorNames.OfBlock(block, SLstmTensorNames.Recurrent), bias = XlstmTensorNames.OfBlock(block, SLstmTensorNames.RecurrentBias);
        return (
            vanilla
                ? weights.Small([Found(kernel)], Find(kernel, heads, 4 * size, size).ReadAll(), heads, 4 * size, size).Transpose(0, 2, 1)
                : weights.Small([Found(kernel)], Find(kernel, heads, size, 4 * size).ReadAll(), heads, size, 4 * size),
            weights.Floats(bias, XlstmReader.RecurrentBias(config, Find(bias, 4 * heads * size).ReadAll(), vanilla), heads, 4 * size));
    }

    /// <summary>Refuses a folder with tensors of the student that were not read.</summary>
    /// <exception cref="Core.Errors.InvalidInputException">There are some.</exception>
    internal void RequireAllRead() => StudentTensors.Check(folder.Folder, _read, XlstmTensorNames.Inside);

    private string Found(string name) => XlstmTensorNames.Found(folder.Folder, name);

    private MappedTensor Find(string name, params long[] shape)
    {
        var found = Found(name);
        _read.Add(found);
        return folder.Find(found, shape, _because);
    }
}
