using Distil.Core.Models;
using Distil.Inference.Models;

namespace Distil.Bench.Decoding;

/// <summary>Shapes of the students that decode in measurements.</summary>
internal static class BenchStudents
{
    /// <summary>The paper's student around Qwen2.5-1.5B's embedding and head.</summary>
    internal static readonly XlstmConfig Paper = new()
    {
        VocabularySize = 151_936, ContextLength = 512, Blocks = 6, Width = 1536, SlstmAt = [0, 2], MlstmHeads = 12, SlstmHeads = 12,
        FeedForwardProjFactor = 1.7,
    };

    /// <summary>The student of <c>distil demo</c>.</summary>
    internal static readonly XlstmConfig Demo = new()
    {
        VocabularySize = 1024, ContextLength = 256, Blocks = 4, Width = 128, SlstmAt = [0, 2], QkvBlockSize = 16, FeedForwardProjFactor = 1.7,
    };

    /// <summary>A linearised student of Qwen2.5-0.5B's shape.</summary>
    internal static readonly LinearisedShape Linearised = new()
    {
        Transformer = new()
        {
            Family = TransformerFamily.Qwen2, VocabularySize = 151_936, HiddenSize = 896, IntermediateSize = 4864, Layers = 24, Heads = 14, KeyValueHeads = 2,
            HeadSize = 64, MaxPositions = 32_768, RopeTheta = 1e6, TiedHead = true, QueryKeyValueBias = true,
        },
        ContextLength = 2048, Window = 512, Sinks = 4, OutputGate = true,
    };

    /// <summary>A linearised student of Qwen2.5-1.5B's shape.</summary>
    internal static readonly LinearisedShape Large = Linearised with
    {
        Transformer = Linearised.Transformer with
        {
            HiddenSize = 1536, IntermediateSize = 8960, Layers = 28, Heads = 12, KeyValueHeads = 2, HeadSize = 128,
        },
        OutputGate = false,
    };
}
