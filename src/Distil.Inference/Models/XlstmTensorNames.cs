using Distil.Core.Safetensors;

namespace Distil.Inference.Models;

/// <summary>Names of a student's tensors in a model folder: the authors' current names, and their older ones.</summary>
internal static class XlstmTensorNames
{
    internal const string Embedding = "xlstm.embedding.weight", Head = "lm_head.weight", FinalNorm = "xlstm.backbone.post_blocks_norm.weight";

    /// <value>Beginnings of the names of tensors that belong to a student.</value>
    internal static IReadOnlyList<string> Inside { get; } = ["xlstm.", "backbone.", "embedding.", "lm_head.", "maybe_lm_head."];

    /// <summary>Names of tensors in older published checkpoints.</summary>
    private static readonly Dictionary<string, string[]> OlderNames = new()
    {
        [Head] = ["maybe_lm_head.weight"],
        [FinalNorm] = ["xlstm.backbone.out_norm.weight", "backbone.out_norm.weight"],
    };

    /// <summary>The whole name of a block's weight.</summary>
    internal static string OfBlock(int block, string name) => $"xlstm.backbone.blocks.{block}.{name}";

    /// <summary>Returns the name of a tensor in a folder; the current name if the folder does not contain it.</summary>
    internal static string Found(WeightFolder folder, string name)
    {
        if (folder.Contains(name))
        {
            return name;
        }

        string[] older = OlderNames.GetValueOrDefault(name, []);
        return older.FirstOrDefault(folder.Contains)
            ?? (name.StartsWith("xlstm.", StringComparison.Ordinal) && folder.Contains(name[6..]) ? name[6..] : name);
    }

    /// <summary>The current name of a tensor of a folder.</summary>
    internal static string Current(string stored)
    {
        var renamed = OlderNames.FirstOrDefault(names => names.Value.Contains(stored)).Key;
        return renamed ?? (stored.StartsWith("xlstm.", StringComparison.Ordinal) || stored == Head ? stored : $"xlstm.{stored}");
    }

    /// <summary>Whether a block's recurrent kernel has the layout of the authors' vanilla backend, (NH, 4·DH, DH); its shape says so.</summary>
    internal static bool IsVanilla(WeightFolder folder, int block, XlstmConfig config)
    {
        var kernel = Found(folder, OfBlock(block, SLstmTensorNames.Recurrent));
        if (!folder.Stored.ByName.TryGetValue(kernel, out var stored))
        {
            return false;
        }

        long size = config.Width / config.SlstmHeads;
        return stored.Entry.Shape.SequenceEqual([config.SlstmHeads, 4 * size, size]);
    }
}

/// <summary>Names of an mLSTM block's tensors, without the block's prefix.</summary>
internal static class MLstmTensorNames
{
    internal const string Norm = "xlstm_norm.weight", Up = "xlstm.proj_up.weight", Convolution = "xlstm.conv1d.conv.weight",
        ConvolutionBias = "xlstm.conv1d.conv.bias", Query = "xlstm.q_proj.weight", Key = "xlstm.k_proj.weight", Value = "xlstm.v_proj.weight",
        InputGate = "xlstm.mlstm_cell.igate.weight", InputBias = "xlstm.mlstm_cell.igate.bias", ForgetGate = "xlstm.mlstm_cell.fgate.weight",
        ForgetBias = "xlstm.mlstm_cell.fgate.bias", HeadNorm = "xlstm.mlstm_cell.outnorm.weight", Skip = "xlstm.learnable_skip",
        Down = "xlstm.proj_down.weight";
}

/// <summary>Names of an sLSTM block's tensors, without the block's prefix.</summary>
/// <remarks>The reference feeds the input gate from the tensor named fgate, and the forget gate from igate.</remarks>
internal static class SLstmTensorNames
{
    internal const string Norm = "xlstm_norm.weight", Convolution = "xlstm.conv1d.conv.weight", ConvolutionBias = "xlstm.conv1d.conv.bias",
        InputGate = "xlstm.fgate.weight", ForgetGate = "xlstm.igate.weight", CellGate = "xlstm.zgate.weight", OutputGate = "xlstm.ogate.weight",
        Recurrent = "xlstm.slstm_cell._recurrent_kernel_", RecurrentBias = "xlstm.slstm_cell._bias_", HeadNorm = "xlstm.group_norm.weight",
        FeedForwardNorm = "ffn_norm.weight", FeedForwardUp = "ffn.proj_up.weight", FeedForwardDown = "ffn.proj_down.weight";
}
