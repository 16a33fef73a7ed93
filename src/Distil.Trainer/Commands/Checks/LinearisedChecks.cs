using Distil.Core.Models;
using Distil.Core.Models.Folders;
using Distil.Core.Specification;
using Distil.Trainer.Kernels;
using Distil.Trainer.Models.Linearised;
using Distil.Trainer.Training.Stages;
using static TorchSharp.torch;

namespace Distil.Trainer.Commands.Checks;

/// <summary>Whole linearised students, with all their kernels in both directions, against the plain form in float32: the result, and the gradient of every
/// weight.</summary>
internal static class LinearisedChecks
{
    private const int Vocabulary = 100;

    /// <value>All checks.</value>
    internal static IReadOnlyList<KernelCheck> All { get; } =
    [
        Student(2, 150, Of(128, 4, 2, 32, window: 0)),
        Student(3, 64, Of(64, 2, 2, 32, window: 0, gate: false)),
        Student(1, 300, Of(192, 6, 2, 64, window: 100)),
        Student(2, 130, Of(128, 2, 1, 64, window: 64, features: FeatureMap.Both, gate: false)),
        Student(2, 200, Of(256, 2, 2, 128, window: 1, features: FeatureMap.Both)),
        Student(2, 77, Of(128, 2, 1, 64, window: 500, family: TransformerFamily.Qwen3)),
        Student(2, 140, Of(128, 4, 2, 32, window: 32, keep: 1, layers: 2)),
        Student(2, 140, Of(128, 4, 2, 32, window: 32), Branch.Memory),
        Student(4, 1024, Of(896, 14, 2, 64, window: 512)),
        Alignment(2, 150, Of(128, 4, 2, 32, window: 0)),
        Alignment(2, 300, Of(192, 6, 2, 64, window: 100, layers: 2)),
    ];

    private static LinearisedShape Of(
        int width, int heads, int shared, int size, int window, FeatureMap features = FeatureMap.Softmax, bool gate = true,
        TransformerFamily family = TransformerFamily.Qwen2, int keep = 0, int layers = 1) => new()
        {
            Transformer = new()
            {
                Family = family, VocabularySize = Vocabulary, HiddenSize = width, IntermediateSize = 2 * width, Layers = layers, Heads = heads,
                KeyValueHeads = shared, HeadSize = size, MaxPositions = 4096, TiedHead = true, QueryKeyValueBias = family == TransformerFamily.Qwen2,
            },
            ContextLength = 4096,
            Window = window,
            Sinks = 4,
            FeatureMap = features,
            OutputGate = gate,
            KeepAttention = [.. Enumerable.Range(0, keep)],
        };

    private static KernelCheck Student(int batch, int length, LinearisedShape shape, Branch branch = Branch.Both)
    {
        var ids = Ids(batch, length);
        Tensor Run(Tensor[] x, bool rounds)
        {
            var model = DrawnStudent.Of(shape, x, rounds);
            model.Branch = branch;
            return model.Forward(ids.Value);
        }

        return Check(shape, "", $"B {batch}, S {length}, {Text(shape)}{(branch == Branch.Both ? "" : ", memory alone")}", Run);
    }

    private static KernelCheck Alignment(int batch, int length, LinearisedShape shape)
    {
        var (ids, tokens) = (Ids(batch, length), (long)batch * length);
        Tensor Run(Tensor[] x, bool rounds)
        {
            var model = DrawnStudent.Of(shape, x, rounds);
            model.FreezeInherited(true);
            var losses = zeros(shape.ReplacedLayers, ScalarType.Float64, CUDA);
            AlignmentGradients.Add(model, memoryWeight: 0.5, new(ids.Value, null, batch, tokens, tokens - batch), tokens, losses);
            return losses.to(ScalarType.Float32);
        }

        return Check(shape, ", beside the teacher", $"B {batch}, S {length}, {Text(shape)}", Run);
    }

    private static KernelCheck Check(LinearisedShape shape, string variant, string text, Func<Tensor[], bool, Tensor> run)
    {
        var tensors = DrawnStudent.Tensors(shape);
        return new(Kernel.LinearisedLayersCuda, text, () => [.. tensors.Select(DrawnStudent.Draw)], x => run(x, true), x => run(x, false))
        {
            Variant = variant,
            // A whole layer's roundings add up.
            ToleranceOf = _ => 2 * KernelCheck.Rounding,
            // A constant on the input gate changes nothing: the gradient of its bias is 0 but for rounding, and is measured relative to that of its weights.
            ScaleOf = input => tensors[input].Name.EndsWith(MixerTensors.InputBias, StringComparison.Ordinal) ? input - 1 : input,
            // What a position forgets changes all pairs across it, and these nearly cancel, because each query's weights sum to 1. The mix's bias is one sum a
            // head over all positions, so that with two heads it is small in some draws.
            Cancels = input => ((string[])[MixerTensors.ForgetGate, MixerTensors.ForgetBias, MixerTensors.MixBias])
                .Any(name => tensors[input].Name.EndsWith(name, StringComparison.Ordinal)),
        };
    }

    private static Lazy<Tensor> Ids(int batch, int length) => new(() => randint(Vocabulary, [batch, length], ScalarType.Int64, CUDA).DetachFromDisposeScope());

    private static string Text(LinearisedShape shape)
    {
        var config = shape.Transformer;
        return $"D {config.HiddenSize}, NH {config.Heads}/{config.KeyValueHeads}, DH {config.HeadSize}, dφ {shape.FeatureSize}, W {shape.Window}"
            + (shape.KeepAttention.Count > 0 ? ", attention kept" : "") + (config.QueryKeyNorm ? ", norm of heads" : "");
    }
}
