using System.Text.Json.Serialization;

namespace Distil.Core.Specification;

/// <summary>How the finished student is written.</summary>
public sealed record ExportSpec
{
    /// <value>Element type of the student's weights in its folder: fp32 or bf16. bf16 takes half the space; every value is rounded to 8 significant bits.
    /// Default fp32.</value>
    public Precision Dtype { get; init; } = Precision.Fp32;

    /// <value>For which other programs the student is written too, in folders beside its own, one for each of <c>weights</c> that the program can have: hf
    /// (transformers), onnx (ONNX Runtime, also in a browser), genai (ONNX Runtime GenAI; not if layers keep attention). Default: none.</value>
    public IReadOnlyList<ExportTarget>? To { get; init; }

    /// <value>How weights are stored in these folders. The report and the model card have the cost of each on held-out text, also if <c>to</c> is left out.
    /// Default: none.</value>
    public IReadOnlyList<WeightForm>? Weights { get; init; }

    /// <value>The folders.</value>
    [JsonIgnore]
    public IReadOnlyList<ExportPart> Parts => ExportPart.Of(To ?? [], Weights ?? []);
}
