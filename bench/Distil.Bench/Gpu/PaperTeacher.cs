using Distil.Core.Models;
using Distil.Core.Models.Folders;
using Distil.Core.Specification;
using Distil.Trainer.Kernels;
using Distil.Trainer.Models.Transformers;
using Distil.Trainer.TeacherOutputs;
using static TorchSharp.torch;

namespace Distil.Bench.Gpu;

/// <summary>A teacher of Qwen2.5-1.5B's shape in bfloat16 on CUDA, with random weights.</summary>
internal static class PaperTeacher
{
    /// <value>The part of its outputs that training's figures store: up to 64 tokens, 5 nodes, mean hidden states.</value>
    internal static ExtractionSettings Settings { get; } =
        new() { Keep = new KeepSpec { MaxTokens = 64 }, InverseTemperatures = TemperatureNodes.Between(1, 2), MeanHidden = true };

    /// <param name="backend">Which kernels it may use; null for all.</param>
    internal static TransformerModel Create(Backend? backend = null) => Create(
        new TransformerConfig
        {
            Family = TransformerFamily.Qwen2, VocabularySize = 151_936, HiddenSize = 1536, IntermediateSize = 8960, Layers = 28, Heads = 12, KeyValueHeads = 2,
            HeadSize = 128, MaxPositions = 131_072, RopeTheta = 1e6, TiedHead = true, QueryKeyValueBias = true,
        },
        backend);

    /// <summary>A teacher of another shape.</summary>
    internal static TransformerModel Create(TransformerConfig config, Backend? backend = null) =>
        TransformerModel.CreateFrozen(config, new RandomWeights(), CUDA, backend);

    private sealed class RandomWeights : IWeightSource
    {
        public Tensor Get(ModelTensor weight)
        {
            using var scope = NewDisposeScope();
            var value = empty(weight.Shape, ScalarType.BFloat16, CUDA);
            value = weight.IsNorm || weight.IsBias ? value.fill_(weight.IsNorm ? 1 : 0) : value.normal_(0, 0.02);
            return value.DetachFromDisposeScope();
        }
    }
}
