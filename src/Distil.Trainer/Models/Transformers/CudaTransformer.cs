using System.Numerics;
using Distil.Core.Models;
using Distil.Inference.Cuda;
using Distil.Trainer.Kernels;
using Distil.Trainer.Kernels.Launching;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Distil.Trainer.Models.Transformers;

/// <summary>A frozen bfloat16 Transformer over whole sequences on a GPU: four matrix products a layer, and this project's kernels between them.</summary>
/// <remarks>Equal to the plain layers, including rounding. Query, key and value weights are one matrix, gate and up another; the plain layers' weights become
/// views of them.</remarks>
internal sealed class CudaTransformer : IDisposable
{
    private const int Threads = 256, WidthInRegisters = 4096, ValuesOfAThread = 16;

    private static readonly CudaProgram Program = new("transformer.cu");

    private readonly TransformerConfig _config;
    private readonly TransformerWeights _weights;
    private readonly IReadOnlyList<(Linear Mixed, Linear GateAndUp)> _merged;

    internal CudaTransformer(TransformerConfig config, TransformerWeights weights)
    {
        (_config, _weights) = (config, weights);
        _merged = [.. weights.Layers.Select(layer => (
            Merge(layer.Attention.Query, layer.Attention.Key, layer.Attention.Value), Merge(layer.Dense.Gate, layer.Dense.Up)))];
    }

    /// <summary>Chooses the form of a frozen model's layers: makes this one, or null for the plain layers.</summary>
    internal static Choice<Func<CudaTransformer>?> Choose(
        Backend backend, TransformerConfig config, TransformerWeights weights) => backend.Choose<Func<CudaTransformer>?>(
        Operation.TeacherLayers, weights.Embedding.dtype, null,
        new Candidate<Func<CudaTransformer>?>(Kernel.TeacherLayersCuda, () => new(config, weights), () => Limit(config)));

    private static string? Limit(TransformerConfig config) =>
        UnusualLayers.Of(config).FirstOrDefault() is { } part ? $"the family {config.Traits.ModelType} has {part}; the kernels support layers as in Llama and Qwen"
        : config.HiddenSize % 8 != 0 || config.HiddenSize > WidthInRegisters
            ? $"hidden_size is {config.HiddenSize}; the kernels support multiples of 8 up to {WidthInRegisters}"
        : config.IntermediateSize % 8 != 0 ? $"intermediate_size is {config.IntermediateSize}; the kernels support multiples of 8"
        : config.HeadSize % ValuesOfAThread != 0 || !BitOperations.IsPow2(config.HeadSize / ValuesOfAThread) || config.HeadSize > 512
            ? $"a head has {config.HeadSize} units; the kernels support {ValuesOfAThread} times a power of 2 up to 512"
        : null;

    /// <summary>Hidden states after the final norm, from the start of a sequence. Records no gradient.</summary>
    /// <param name="inputIds">(B, S), int64.</param>
    /// <param name="angles">Rotary angles of the S positions, (S, DH) bfloat16 each.</param>
    /// <param name="mean">Zeros, (B, S, D) float32, to which the mean of the layers' outputs is written, the last after the final norm; null if it is not
    /// needed.</param>
    /// <returns>(B, S, D) bfloat16.</returns>
    internal Tensor Run(Tensor inputIds, (Tensor Cos, Tensor Sin) angles, Tensor? mean)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var x = _weights.Embedding.index_select(0, inputIds.flatten());                           // (N, D), N = B·S
        Tensor? delta = null;
        for (var i = 0; i < _weights.Layers.Count; i++)
        {
            var next = Layer(i, x, delta, i == 0 ? null : mean, inputIds.shape, angles);
            delta?.Dispose();
            delta = next;
        }

        var final = AddAndNorm(x, delta, _weights.FinalNorm, mean, sumOfNormed: true);
        mean?.div_(_weights.Layers.Count);
        return final.view(inputIds.shape[0], inputIds.shape[1], _config.HiddenSize).MoveToOuterDisposeScope();
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var linear in _merged.SelectMany(merged => new[] { merged.Mixed, merged.GateAndUp }))
        {
            linear.Weight.Dispose();
            linear.Bias?.Dispose();
        }
    }

    /// <summary>One layer: adds the output of the layer before to x, and its own attention; returns the output of its feed-forward network.</summary>
    private Tensor Layer(int index, Tensor x, Tensor? delta, Tensor? sum, long[] shape, (Tensor Cos, Tensor Sin) angles)
    {
        using var scope = NewDisposeScope();
        var (layer, (mixed, gateAndUp)) = (_weights.Layers[index], _merged[index]);
        var normed = AddAndNorm(x, delta, layer.InputNorm, sum);
        var (q, k, v) = Heads(mixed.Apply(normed), layer.Attention, shape, angles);
        var attended = functional.scaled_dot_product_attention(q, k, v, is_casual: shape[1] > 1);  // (B, NH, S, DH)
        var output = layer.Attention.Output.Apply(attended.transpose(1, 2).reshape(x.shape[0], -1));
        var both = gateAndUp.Apply(AddAndNorm(x, output, layer.FeedForwardNorm));                  // (N, 2·F)
        var gated = empty([x.shape[0], _config.IntermediateSize], ScalarType.BFloat16, x.device);
        var vectors = gated.numel() / 8;
        Program["swiglu"].Launch(new(Math.Min(4096, (vectors + Threads - 1) / Threads), Threads), both, gated, vectors, _config.IntermediateSize);
        return layer.Dense.Down.Apply(gated).MoveToOuterDisposeScope();
    }

    private Tensor AddAndNorm(Tensor x, Tensor? delta, RmsNorm norm, Tensor? sum = null, bool sumOfNormed = false)
    {
        var normed = empty_like(x);
        Program["add_norm"].Launch(new(x.shape[0], Threads), x, delta, norm.Weight, normed, sum, _config.HiddenSize, (float)norm.Epsilon, sumOfNormed ? 1 : 0);
        return normed;
    }

    /// <summary>Queries, keys and values, normalised if the model does that, rotated, and repeated for every head that shares them.</summary>
    /// <returns>(B, NH, S, DH) each, as views of (B, S, NH, DH).</returns>
    private (Tensor Query, Tensor Key, Tensor Value) Heads(Tensor mixed, Attention attention, long[] shape, (Tensor Cos, Tensor Sin) angles)
    {
        Tensor Room() => empty([shape[0], shape[1], _config.Heads, _config.HeadSize], ScalarType.BFloat16, mixed.device);
        var (q, k, v) = (Room(), Room(), Room());
        var threads = shape[0] * shape[1] * (_config.Heads + 2 * _config.KeyValueHeads) * (_config.HeadSize / ValuesOfAThread);
        Program["rotate_heads"].Launch(
            LaunchShape.For(threads, Threads), mixed, angles.Cos, angles.Sin, attention.QueryNorm?.Weight, attention.KeyNorm?.Weight, q, k, v,
            threads, _config.Heads, _config.KeyValueHeads, _config.HeadSize, (int)shape[1], (float)_config.NormEpsilon);
        return (q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2));
    }

    /// <summary>Merges several linear maps of one input; their weights become views of the merged weight.</summary>
    private static Linear Merge(params Linear[] parts)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        return new Linear(Join(parts, part => part.Weight)!, Join(parts, part => part.Bias));
    }

    private static Tensor? Join(Linear[] parts, Func<Linear, Tensor?> what)
    {
        if (what(parts[0]) is null)
        {
            return null;
        }
        var all = cat([.. parts.Select(part => what(part)!)]);
        var start = 0L;
        foreach (var part in parts.Select(part => what(part)!))
        {
            part.set_(all.narrow(0, start, part.shape[0]));
            start += part.shape[0];
        }

        return all.DetachFromDisposeScope();
    }
}
