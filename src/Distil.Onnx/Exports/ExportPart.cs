using Distil.Core.Errors;
using Distil.Onnx.Weights;

namespace Distil.Onnx.Exports;

/// <summary>What an exported student is for.</summary>
public enum ExportTarget
{
    /// <summary>Hugging Face's transformers, and distil itself.</summary>
    Hf,

    /// <summary>ONNX Runtime, also in a browser.</summary>
    Onnx,
}

/// <summary>One folder of an export.</summary>
/// <param name="Target">What it is for.</param>
/// <param name="Form">How its large matrices are stored.</param>
public sealed record ExportPart(ExportTarget Target, WeightForm Form)
{
    /// <value>The folder's name: <c>onnx-int4</c>.</value>
    public string Name => $"{Target.ToString().ToLowerInvariant()}-{Form.Word}";

    /// <summary>Every target in every form that it has.</summary>
    /// <param name="targets">The targets, with commas: <c>hf,onnx</c>.</param>
    /// <param name="forms">The forms, with commas: <c>bf16,int4</c>.</param>
    /// <exception cref="InvalidInputException">A name is not one of them, or a target has none of the forms.</exception>
    public static IReadOnlyList<ExportPart> Parse(string targets, string forms)
    {
        var (wanted, stored) = (Words<ExportTarget>("--to", targets), Words<WeightForm>("--weights", forms));
        var parts = new List<ExportPart>();
        foreach (var target in wanted)
        {
            ExportPart[] own = [.. stored.Where(form => Has(target, form)).Select(form => new ExportPart(target, form))];
            parts.AddRange(own.Length > 0
                ? own
                : throw new InvalidInputException($"--weights is {forms}; a Hugging Face folder (--to hf) has weights in fp32 or bf16"));
        }

        return parts;
    }

    // Integers with scales are no type that transformers reads without a library for them.
    private static bool Has(ExportTarget target, WeightForm form) => target == ExportTarget.Onnx || form is WeightForm.Fp32 or WeightForm.Bf16;

    private static IReadOnlyList<T> Words<T>(string option, string list)
        where T : struct, Enum
    {
        var known = Enum.GetValues<T>().ToDictionary(value => value.ToString().ToLowerInvariant());
        return [.. list.Split(',', StringSplitOptions.TrimEntries).Select(word => known.TryGetValue(word, out var value)
            ? value
            : throw new InvalidInputException($"{option} is {list}: \"{word}\" is none of {string.Join(", ", known.Keys)}")).Distinct()];
    }
}
