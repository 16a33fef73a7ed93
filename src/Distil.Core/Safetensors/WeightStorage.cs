namespace Distil.Core.Safetensors;

/// <summary>How the weights of a model's folder are written.</summary>
public sealed record WeightStorage
{
    /// <value>Largest file of weights that is written by default, in bytes.</value>
    public const long DefaultFileBytes = 4_000_000_000;

    /// <value>Element type: F32 (default) or BF16.</value>
    public SafetensorsDtype Dtype { get; init; } = SafetensorsDtype.Of("F32");

    /// <value>Weights of more bytes than this are written as several files and their list; a single tensor may be larger. Default 4 GB.</value>
    public long FileBytes { get; init; } = DefaultFileBytes;

    /// <value>The element type as <c>config.json</c> names it.</value>
    public string ConfigName => Dtype.Name == "BF16" ? "bfloat16" : "float32";

    /// <summary>The storage in float32 or bfloat16.</summary>
    public static WeightStorage Of(bool bfloat16) => new() { Dtype = SafetensorsDtype.Of(bfloat16 ? "BF16" : "F32") };
}
