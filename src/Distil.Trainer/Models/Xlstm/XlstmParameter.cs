using Distil.Inference.Models;
using Distil.Trainer.Models.Xlstm.MLstm;
using Distil.Trainer.Models.Xlstm.SLstm;

namespace Distil.Trainer.Models.Xlstm;

/// <summary>A trainable weight.</summary>
/// <param name="Name">In a model folder, without the block's prefix.</param>
/// <param name="Block">Which block it belongs to; −1 for the norm after all of them.</param>
/// <param name="Start">Its initial value.</param>
/// <param name="Shape">Its shape in memory.</param>
internal sealed record XlstmParameter(string Name, int Block, Initializer Start, params long[] Shape)
{
    /// <summary>Name of the norm after the blocks.</summary>
    internal const string FinalNorm = XlstmTensorNames.FinalNorm;

    /// <value>The whole name in a model folder.</value>
    internal string FullName => Block < 0 ? Name : FullNameOf(Block, Name);

    /// <value>Values in it.</value>
    internal long Count => Shape.Aggregate(1L, (product, size) => product * size);

    /// <summary>The whole name of a block's weight.</summary>
    internal static string FullNameOf(int block, string name) => XlstmTensorNames.OfBlock(block, name);

    /// <summary>All trainable weights of a student, in the order of its blocks.</summary>
    internal static IReadOnlyList<XlstmParameter> Of(XlstmConfig config) =>
    [
        .. Enumerable.Range(0, config.Blocks).SelectMany(
            block => config.IsSlstm(block) ? SLstmWeights.Parameters(config, block) : MLstmWeights.Parameters(config, block)),
        new(FinalNorm, -1, Initializer.Zero, config.Width),
    ];
}
