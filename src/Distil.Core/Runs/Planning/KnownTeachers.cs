using Distil.Core.Models;

namespace Distil.Core.Runs.Planning;

/// <summary>Architectures of published teachers, so that their runs can be planned before their files are fetched. Never used to run a model.</summary>
/// <remarks>The values are those of each model's config.json in the hub.</remarks>
internal static class KnownTeachers
{
    /// <summary>The source of these values, as plans show it.</summary>
    public const string From = "the table of known teachers, for planning only";

    /// <summary>The architecture of <c>hf://owner/name[@revision]</c>; null if it is not known.</summary>
    public static TransformerConfig? Find(string path) => path.Split('@')[0] switch
    {
        "hf://Qwen/Qwen2.5-0.5B" => Qwen2(layers: 24, width: 896, inner: 4864, heads: 14, shared: 2) with { MaxPositions = 32_768 },
        "hf://Qwen/Qwen2.5-1.5B" => Qwen2(layers: 28, width: 1536, inner: 8960, heads: 12, shared: 2),
        "hf://meta-llama/Llama-3.2-1B" => new TransformerConfig
        {
            Family = TransformerFamily.Llama, VocabularySize = 128_256, HiddenSize = 2048, IntermediateSize = 8192, Layers = 16, Heads = 32, KeyValueHeads = 8,
            HeadSize = 64, MaxPositions = 131_072, NormEpsilon = 1e-5, RopeTheta = 500_000, RopeScaling = new Llama3Scaling(32, 1, 4, 8192), TiedHead = true,
        },
        _ => null,
    };

    private static TransformerConfig Qwen2(int layers, int width, int inner, int heads, int shared) => new()
    {
        Family = TransformerFamily.Qwen2, VocabularySize = 151_936, HiddenSize = width, IntermediateSize = inner, Layers = layers, Heads = heads,
        KeyValueHeads = shared, HeadSize = width / heads, MaxPositions = 131_072, RopeTheta = 1_000_000, TiedHead = true, QueryKeyValueBias = true,
    };
}
