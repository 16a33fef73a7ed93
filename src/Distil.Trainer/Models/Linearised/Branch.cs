using static TorchSharp.torch;

namespace Distil.Trainer.Models.Linearised;

/// <summary>Which branches of a mixed layer count: for measuring one alone, and for training the memory without the window.</summary>
public enum Branch
{
    /// <summary>o·memory + (1 − o)·window, as learnt.</summary>
    Both,

    /// <summary>o = 0: the window of attention alone.</summary>
    Window,

    /// <summary>o = 1: the memory alone.</summary>
    Memory,
}

/// <summary>What a mixed layer puts in the place of attention, before the output projection.</summary>
/// <param name="Mixed">The layer's result, (B, NH, S, DH).</param>
/// <param name="Memory">The memory's part, of the same shape; null if it was not needed.</param>
/// <param name="Share">o, (B, NH, S, 1); null without a window.</param>
internal sealed record Branches(Tensor Mixed, Tensor? Memory, Tensor? Share);
