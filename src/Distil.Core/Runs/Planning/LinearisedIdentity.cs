using System.Text.Json.Nodes;
using Distil.Core.Models;
using Distil.Core.Specification;
using static Distil.Core.ContentAddress;

namespace Distil.Core.Runs.Planning;

/// <summary>The part of a linearised student in the identity of its weights, written out by name. What is inherited is in the teacher outputs' id.</summary>
internal static class LinearisedIdentity
{
    public static JsonObject Student(LinearisedShape shape, StudentSpec spec) => Object(
        ("kind", "linearised"),
        ("contextLength", shape.ContextLength),
        ("window", shape.Window),
        ("sinks", shape.Sinks),
        ("featureMap", shape.FeatureMap switch
        {
            FeatureMap.Softmax => "softmax",
            FeatureMap.Both => "both",
            _ => throw new ArgumentOutOfRangeException(nameof(shape), shape.FeatureMap, "has no name in an identity"),
        }),
        ("outputGate", shape.OutputGate),
        ("keepAttention", List(shape.KeepAttention, layer => layer)),
        ("trainEmbedding", spec.TrainEmbedding),
        ("gates", Object(
            ("memory", spec.Gates.Memory), ("forgetFrom", spec.Gates.ForgetFrom), ("forgetTo", spec.Gates.ForgetTo), ("output", spec.Gates.Output))));

    public static JsonObject Stages(StagesSpec stages) => Object(
        ("alignment", Object(
            ("share", stages.Alignment.Share), ("learningRate", stages.Alignment.LearningRate), ("memoryWeight", stages.Alignment.MemoryWeight))),
        ("distillation", Object(
            ("inheritedRate", stages.Distillation.InheritedRate), ("newRate", stages.Distillation.NewRate), ("endRate", stages.Distillation.EndRate),
            ("windowDropout", stages.Distillation.WindowDropout))));
}
