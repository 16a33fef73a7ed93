using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm;

/// <summary>The weights of one block by their names inside it.</summary>
internal sealed class BlockWeights(IReadOnlyDictionary<string, Tensor> all, int block)
{
    internal Tensor this[string name] => all[$"xlstm.backbone.blocks.{block}.{name}"];
}
