namespace Distil.Core.Models.Folders;

/// <summary>The weights that a linearised student has beside those of its teacher, by its shape, in a fixed order.</summary>
public static class MixerTensors
{
    /// <summary>(NH, DH, DH), of the memory's queries.</summary>
    public const string QueryFeatures = "mlstm.query_features.weight";

    /// <summary>(NH, DH, DH), of the memory's keys.</summary>
    public const string KeyFeatures = "mlstm.key_features.weight";

    /// <summary>(NH, D).</summary>
    public const string InputGate = "mlstm.input_gate.weight";

    /// <summary>(NH).</summary>
    public const string InputBias = "mlstm.input_gate.bias";

    /// <summary>(NH, D).</summary>
    public const string ForgetGate = "mlstm.forget_gate.weight";

    /// <summary>(NH).</summary>
    public const string ForgetBias = "mlstm.forget_gate.bias";

    /// <summary>(NH·DH, D); only with an output gate.</summary>
    public const string OutputGate = "mlstm.output_gate.weight";

    /// <summary>(NH·DH); only with an output gate.</summary>
    public const string OutputBias = "mlstm.output_gate.bias";

    /// <summary>(NH, 3·DH), for query, key and value; only with a window.</summary>
    public const string Mix = "mix.weight";

    /// <summary>(NH); only with a window.</summary>
    public const string MixBias = "mix.bias";

    private const string Part = "self_attn.";

    /// <value>Beginnings of the names of a student's tensors, inherited or new.</value>
    public static IReadOnlyList<string> Inside { get; } = ["model.", "lm_head."];

    /// <summary>The whole name of a layer's weight.</summary>
    public static string FullName(int layer, string name) => $"model.layers.{layer}.{Part}{name}";

    /// <summary>One of the names above, of a weight's whole name.</summary>
    public static string NameOf(ModelTensor weight) => weight.Name[(weight.Name.IndexOf(Part, StringComparison.Ordinal) + Part.Length)..];

    /// <summary>The new weights of all replaced layers.</summary>
    public static IEnumerable<ModelTensor> Of(LinearisedShape shape) =>
        Enumerable.Range(0, shape.Transformer.Layers).Where(layer => !shape.Keeps(layer)).SelectMany(layer => OfLayer(shape, layer));

    /// <summary>The new weights of a replaced layer.</summary>
    public static IReadOnlyList<ModelTensor> OfLayer(LinearisedShape shape, int layer)
    {
        var config = shape.Transformer;
        Dimension heads = new(config.Heads, $"num_attention_heads {config.Heads}"), size = new(config.HeadSize, $"head_dim {config.HeadSize}");
        Dimension width = new(config.HiddenSize, $"hidden_size {config.HiddenSize}");
        Dimension units = new((long)config.Heads * config.HeadSize, $"num_attention_heads {config.Heads} × head_dim {config.HeadSize}");
        Dimension joined = new(3L * config.HeadSize, $"3 × head_dim {config.HeadSize}");
        ModelTensor Named(string name, params Dimension[] dimensions) => new(FullName(layer, name), dimensions);
        return
        [
            Named(QueryFeatures, heads, size, size), Named(KeyFeatures, heads, size, size),
            Named(InputGate, heads, width), Named(InputBias, heads), Named(ForgetGate, heads, width), Named(ForgetBias, heads),
            .. shape.OutputGate ? [Named(OutputGate, units, width), Named(OutputBias, units)] : Array.Empty<ModelTensor>(),
            .. shape.Window > 0 ? [Named(Mix, heads, joined), Named(MixBias, heads)] : Array.Empty<ModelTensor>(),
        ];
    }
}
