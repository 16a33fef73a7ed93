using Distil.Core.Models;
using Distil.Core.Models.Folders;
using Distil.Core.Specification;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Linearised;

/// <summary>A weight that a linearised student has beside those of its teacher.</summary>
/// <param name="Name">In a model folder, without the layer's prefix.</param>
/// <param name="Layer">Its layer.</param>
/// <param name="Shape">Its shape, with the fields of the config that determine it.</param>
/// <param name="Start">Its value in a new student, on the CPU.</param>
internal sealed record MixerParameter(string Name, int Layer, Dimension[] Shape, Func<Tensor> Start)
{
    internal const string QueryFeatures = "mlstm.query_features.weight", KeyFeatures = "mlstm.key_features.weight",
        InputGate = "mlstm.input_gate.weight", InputBias = "mlstm.input_gate.bias",
        ForgetGate = "mlstm.forget_gate.weight", ForgetBias = "mlstm.forget_gate.bias",
        OutputGate = "mlstm.output_gate.weight", OutputBias = "mlstm.output_gate.bias",
        Mix = "mix.weight", MixBias = "mix.bias";

    /// <value>The whole name in a model folder.</value>
    internal string FullName => FullNameOf(Layer, Name);

    /// <summary>The whole name of a layer's weight.</summary>
    internal static string FullNameOf(int layer, string name) => $"model.layers.{layer}.self_attn.{name}";

    /// <summary>The new weights of a student, in the order of its layers. At the start, features are softmax(u) of the teacher's own queries and keys, all
    /// gates are constant, and the mix is mostly the window.</summary>
    internal static IReadOnlyList<MixerParameter> Of(LinearisedShape shape, GateSpec start)
    {
        var config = shape.Transformer;
        Dimension heads = new(config.Heads, $"num_attention_heads {config.Heads}"), size = new(config.HeadSize, $"head_dim {config.HeadSize}");
        Dimension width = new(config.HiddenSize, $"hidden_size {config.HiddenSize}");
        Dimension units = new((long)config.Heads * config.HeadSize, $"num_attention_heads {config.Heads} × head_dim {config.HeadSize}");
        Dimension joined = new(3L * config.HeadSize, $"3 × head_dim {config.HeadSize}");
        return [.. Enumerable.Range(0, config.Layers).Where(layer => !shape.Keeps(layer)).SelectMany(Layer)];

        IEnumerable<MixerParameter> Layer(int layer)
        {
            yield return New(QueryFeatures, () => Identities(heads, size), heads, size, size);
            yield return New(KeyFeatures, () => Identities(heads, size), heads, size, size);
            yield return New(InputGate, () => zeros(heads.Size, width.Size), heads, width);
            yield return New(InputBias, () => zeros(heads.Size), heads);
            yield return New(ForgetGate, () => zeros(heads.Size, width.Size), heads, width);
            yield return New(ForgetBias, () => linspace(start.ForgetFrom, start.ForgetTo, heads.Size, ScalarType.Float32), heads);
            if (shape.OutputGate)
            {
                yield return New(OutputGate, () => zeros(units.Size, width.Size), units, width);
                yield return New(OutputBias, () => full(units.Size, start.Output, ScalarType.Float32), units);
            }

            if (shape.Window > 0)
            {
                yield return New(Mix, () => zeros(heads.Size, joined.Size), heads, joined);
                yield return New(MixBias, () => full(heads.Size, Math.Log(start.Memory / (1 - start.Memory)), ScalarType.Float32), heads);
            }

            MixerParameter New(string name, Func<Tensor> value, params Dimension[] dimensions) => new(name, layer, dimensions, value);
        }
    }

    private static Tensor Identities(Dimension heads, Dimension size) => eye(size.Size).repeat(heads.Size, 1, 1);
}
