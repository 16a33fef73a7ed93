using Distil.Core.Models;
using Distil.Core.Specification;
using Distil.Inference.Tests.Engines;

namespace Distil.Onnx.Tests;

/// <summary>Students with random weights, by name.</summary>
internal static class Cases
{
    private static readonly Dictionary<string, Func<string>> Folders = new()
    {
        ["xlstm"] = () => RandomStudent.Write(RandomStudent.Small),
        ["xlstm, bfloat16"] = () => RandomStudent.Write(RandomStudent.Small, bfloat16: true),
        ["xlstm, tied, only mLSTM"] = () => RandomStudent.Write(RandomStudent.Small with { TieWeights = true, SlstmAt = [], QkvBlockSize = 16 }),
        ["xlstm, only sLSTM, short kernel, SELU"] = () => RandomStudent.Write(
            RandomStudent.Small with { SlstmAt = [0, 1, 2, 3], SlstmConvKernel = 1, SlstmHeads = 3, FeedForwardActivation = "selu" }),
        ["xlstm, odd width, long kernel, squared ReLU"] = () => RandomStudent.Write(
            RandomStudent.Small with { Width = 60, SlstmHeads = 3, MlstmHeads = 2, MlstmConvKernel = 7, FeedForwardActivation = "relu^2" }),
        ["linearised"] = () => RandomLinearised.Write(RandomLinearised.Recurrent),
        ["linearised, window"] = () => RandomLinearised.Write(RandomLinearised.Windowed),
        ["linearised, kept attention"] = () => RandomLinearised.Write(RandomLinearised.Hybrid),
        ["linearised, whole blocks"] = () => RandomLinearised.Write(Blocks),
    };

    /// <summary>A student whose matrices have whole blocks of 32 columns, with a tied head.</summary>
    internal static LinearisedShape Blocks => RandomLinearised.Windowed with
    {
        Transformer = RandomLinearised.Windowed.Transformer with { HiddenSize = 64, IntermediateSize = 96, Heads = 4, KeyValueHeads = 2 },
        FeatureMap = FeatureMap.Softmax,
    };

    internal static TheoryData<string> All => [.. Folders.Keys];

    /// <summary>Writes a student.</summary>
    internal static string Folder(string name) => Folders[name]();

    /// <summary>Tokens of a text, different for each seed.</summary>
    internal static int[] Tokens(int count, int seed = 0) => [.. Enumerable.Range(0, count).Select(i => (i * 37 + seed * 11 + i * i % 7) % 203)];
}
