using Distil.Core.Models;
using Distil.Inference.Numerics;

namespace Distil.Inference.Layers.Linearised;

/// <summary>Where the heads of a layer are in a row: projected, side by side without gaps (queries, keys, values); rotated, each filled up with zeros to whole
/// vectors.</summary>
/// <param name="Heads">NH.</param>
/// <param name="KeyValueHeads">KVH; query heads share those of their group.</param>
/// <param name="Size">DH.</param>
internal readonly record struct HeadLayout(int Heads, int KeyValueHeads, int Size)
{
    /// <value>Values of all query heads, projected.</value>
    internal int Units => Heads * Size;

    /// <value>Values of all projected heads.</value>
    internal int Projected => (Heads + 2 * KeyValueHeads) * Size;

    /// <value>Values from one rotated head to the next.</value>
    internal int Stride => VectorMath.Padded(Size);

    /// <value>Values of all rotated heads.</value>
    internal int Length => (Heads + 2 * KeyValueHeads) * Stride;

    internal static HeadLayout Of(TransformerConfig config) => new(config.Heads, config.KeyValueHeads, config.HeadSize);

    /// <summary>The key-value head of a query head.</summary>
    internal int Shared(int head) => head / (Heads / KeyValueHeads);

    /// <summary>Where a key-value head's projected key begins.</summary>
    internal int ProjectedKey(int shared) => (Heads + shared) * Size;

    /// <summary>Where a key-value head's projected value begins.</summary>
    internal int ProjectedValue(int shared) => (Heads + KeyValueHeads + shared) * Size;

    /// <summary>Where a key-value head's rotated key begins.</summary>
    internal int Key(int shared) => (Heads + shared) * Stride;

    /// <summary>Where a key-value head's value begins among the rotated heads.</summary>
    internal int Value(int shared) => (Heads + KeyValueHeads + shared) * Stride;
}
