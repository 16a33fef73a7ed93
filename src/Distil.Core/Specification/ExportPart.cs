namespace Distil.Core.Specification;

/// <summary>What an exported student is for.</summary>
public enum ExportTarget
{
    /// <summary>Hugging Face's transformers, and distil itself; weights in fp32 or bf16.</summary>
    Hf,

    /// <summary>ONNX Runtime, also in a browser.</summary>
    Onnx,

    /// <summary>ONNX Runtime GenAI, which chooses tokens and keeps the state itself.</summary>
    Genai,
}

/// <summary>One folder of an export.</summary>
/// <param name="Target">What it is for.</param>
/// <param name="Form">How its large matrices are stored.</param>
public sealed record ExportPart(ExportTarget Target, WeightForm Form)
{
    /// <value>The folder's name: <c>onnx-int4</c>.</value>
    public string Name => $"{Target.ToString().ToLowerInvariant()}-{Form.Word}";

    /// <summary>Each target in each of the forms that it can have.</summary>
    public static IReadOnlyList<ExportPart> Of(IEnumerable<ExportTarget> targets, IReadOnlyList<WeightForm> forms) =>
        [.. targets.SelectMany(target => forms.Where(form => Has(target, form)).Select(form => new ExportPart(target, form))).Distinct()];

    /// <summary>Whether a target can have a form.</summary>
    // Integers with scales are no type that transformers reads without a library for them.
    public static bool Has(ExportTarget target, WeightForm form) => target != ExportTarget.Hf || form is WeightForm.Fp32 or WeightForm.Bf16;
}
