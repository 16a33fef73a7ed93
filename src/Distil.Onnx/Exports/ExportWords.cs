using Distil.Core.Errors;
using Distil.Core.Specification;

namespace Distil.Onnx.Exports;

/// <summary>Targets and forms as a command's options name them.</summary>
public static class ExportWords
{
    extension(ExportPart)
    {
        /// <summary>Every target in every form that it has.</summary>
        /// <param name="targets">The targets, with commas: <c>hf,onnx</c>.</param>
        /// <param name="forms">The forms, with commas: <c>bf16,int4</c>.</param>
        /// <exception cref="InvalidInputException">A name is not one of them, or a target has none of the forms.</exception>
        public static IReadOnlyList<ExportPart> Parse(string targets, string forms)
        {
            var (wanted, stored) = (Words<ExportTarget>("--to", targets), Words<WeightForm>("--weights", forms));
            return wanted.All(target => stored.Any(form => ExportPart.Has(target, form)))
                ? ExportPart.Of(wanted, stored)
                : throw new InvalidInputException($"--weights is {forms}; a Hugging Face folder (--to hf) has weights in fp32 or bf16");
        }
    }

    private static IReadOnlyList<T> Words<T>(string option, string list)
        where T : struct, Enum
    {
        var known = Enum.GetValues<T>().ToDictionary(value => value.ToString().ToLowerInvariant());
        return [.. list.Split(',', StringSplitOptions.TrimEntries).Select(word => known.TryGetValue(word, out var value)
            ? value
            : throw new InvalidInputException($"{option} is {list}: \"{word}\" is none of {string.Join(", ", known.Keys)}")).Distinct()];
    }
}
