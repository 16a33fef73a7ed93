using Distil.Onnx.Graphs;

namespace Distil.Onnx.Students;

/// <summary>Numbers of heads.</summary>
/// <param name="Text">The graph.</param>
/// <param name="Queries">NH.</param>
/// <param name="KeyValues">KVH, a divisor of NH.</param>
/// <param name="Size">DH.</param>
internal sealed record Heads(TextGraph Text, long Queries, long KeyValues, long Size)
{
    /// <summary>Rows by head: (N, heads·DH) → (B, heads, T, DH).</summary>
    internal Value Split(Value rows, long heads) => Text.Split(rows, heads, Size).Transpose(0, 2, 1, 3);

    /// <summary>Rows again: (B, NH, T, DH) → (N, NH·DH).</summary>
    internal Value Join(Value heads) => heads.Transpose(0, 2, 1, 3).Reshape(-1, Queries * Size);

    /// <summary>Each key or value as often as there are queries for it: (B, KVH, S, DH) → (B, NH, S, DH).</summary>
    internal Value Repeat(Value shared)
    {
        if (Queries == KeyValues)
        {
            return shared;
        }

        Value[] copies = [.. Enumerable.Repeat(shared.Unsqueeze(2), (int)(Queries / KeyValues))];
        return Value.Concat(2, copies).Reshape(Text.Builder.Add(
            "Concat", [shared.Shape().Slice(0, 0, 1), Text.Builder.Numbers(Queries), shared.Shape().Slice(0, 2)], ("axis", 0L)));
    }
}
