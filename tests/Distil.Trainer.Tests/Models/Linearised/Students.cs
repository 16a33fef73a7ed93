using Distil.Core.Models;
using Distil.Core.Specification;
using Distil.Trainer.Models.Linearised;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Models.Linearised;

/// <summary>Linearised students of the golden teachers, with gates and features that do something.</summary>
internal static class Students
{
    internal static GateSpec Start => new();

    internal static LinearisedShape ShapeOf(string golden, int window, int sinks = 2, FeatureMap features = FeatureMap.Softmax, params int[] keep) => new()
    {
        Transformer = TransformerConfigFile.Read($"Golden/{golden}"), ContextLength = 32, Window = window, Sinks = sinks, FeatureMap = features,
        OutputGate = true, KeepAttention = keep,
    };

    /// <summary>A student whose new weights are not at their start.</summary>
    internal static LinearisedModel Create(LinearisedShape shape, string golden, int seed = 1, bool trainEmbedding = false)
    {
        var model = LinearisedModel.Create(shape, $"Golden/{golden}", Start, trainEmbedding, CPU);
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        using var random = new Generator((ulong)seed, CPU);
        foreach (var (_, value) in model.NewParameters)
        {
            value.add_(randn(value.shape, generator: random), alpha: 0.2);
        }

        return model;
    }

    internal static Tensor Logits(LinearisedModel model, Tensor ids) => model.Forward(ids).matmul(model.HeadWeight.t());
}
