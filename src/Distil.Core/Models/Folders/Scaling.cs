using Distil.Core.Errors;
using Distil.Core.Safetensors;

namespace Distil.Core.Models.Folders;

/// <summary>How a quantised weight becomes numbers: (value − zero point) · scale, with one of each for every block of rows × columns.</summary>
/// <param name="Scale">The scales: one, one for each row, or one for each block.</param>
/// <param name="ZeroPoint">The zero points, in the scales' shape; null if all are 0.</param>
/// <param name="Rows">Rows of a block.</param>
/// <param name="Columns">Columns of a block.</param>
public sealed record Scaling(StoredTensor Scale, StoredTensor? ZeroPoint, long Rows, long Columns)
{
    /// <summary>Types of weights that a scale turns into numbers.</summary>
    private static readonly string[] Scaled = ["I8", "F8_E4M3", "F8_E5M2"];

    /// <summary>Names of a weight's scale after its own: of compressed-tensors and of fp8 with blocks.</summary>
    private static readonly string[] Suffixes = ["_scale", "_scale_inv"];

    private static readonly string[] ZeroPointTypes = ["I8", "U8", "I32", "F8_E4M3"];

    private static readonly string[] ScaleTypes = ["F32", "BF16", "F16", "F64", "F8_E8M0"];

    /// <summary>Finds the scale of a weight that is not stored as plain numbers.</summary>
    /// <param name="weight">The weight: its name and place.</param>
    /// <param name="quantization">The folder's quantisation; null if config.json has none.</param>
    /// <param name="find">Finds another tensor of the model by name.</param>
    /// <exception cref="InvalidInputException">The weight's type needs a scale that is missing, or is not read at all.</exception>
    public static Scaling Of(StoredTensor weight, Quantization? quantization, Func<string, StoredTensor?> find)
    {
        var (name, entry) = (weight.Name, weight.Entry);
        if (quantization is null || !Scaled.Contains(entry.Dtype.Name))
        {
            throw new InvalidInputException(
                $"{weight.Path}: {name} is {entry}; expected floating-point numbers of 16 bits or more"
                + (quantization is null
                    ? ", or a quantization_config in config.json that says how to scale it"
                    : $", or {string.Join(", ", Scaled)} with a scale"));
        }

        var names = Suffixes.Select(suffix => name + suffix);
        var scale = names.Select(find).FirstOrDefault(found => found is not null)
            ?? throw new InvalidInputException(
                $"{weight.Path}: {name} is {entry} and has no scale; expected {string.Join(" or ", names)} ({quantization.Method})");
        if (!ScaleTypes.Contains(scale.Entry.Dtype.Name))
        {
            throw new InvalidInputException($"{scale.Path}: {scale.Name} is {scale.Entry}; expected a scale of type {string.Join(", ", ScaleTypes)}");
        }

        var zeroPoint = find(name + "_zero_point");
        if (zeroPoint is not null && (zeroPoint.Entry.Elements != scale.Entry.Elements || !ZeroPointTypes.Contains(zeroPoint.Entry.Dtype.Name)))
        {
            throw new InvalidInputException(
                $"{zeroPoint.Path}: {zeroPoint.Name} is {zeroPoint.Entry}; "
                + $"expected {SafetensorsEntry.Text(scale.Entry.Shape)} of {string.Join(", ", ZeroPointTypes)}");
        }

        var (rows, columns) = BlockOf(weight, scale, quantization);
        return new(scale, zeroPoint, rows, columns);
    }

    private static (long Rows, long Columns) BlockOf(StoredTensor weight, StoredTensor scale, Quantization quantization)
    {
        var (shape, scales) = (weight.Entry.Shape, scale.Entry.Shape);
        if (shape.Count == 2 && scale.Entry.Elements == 1)
        {
            return (shape[0], shape[1]);
        }

        var (down, across) = scales.Count switch { 1 => (scales[0], 1), 2 => (scales[0], scales[1]), _ => (0, 0) };
        foreach (var (rows, columns) in shape.Count == 2 ? [(1, shape[1]), .. quantization.Blocks] : Array.Empty<(long, long)>())
        {
            if ((shape[0] + rows - 1) / rows == down && (shape[1] + columns - 1) / columns == across)
            {
                return (rows, columns);
            }
        }

        var blocks = string.Concat(quantization.Blocks.Select(block => $", or one for each block of {block.Rows} × {block.Columns}"));
        throw new InvalidInputException($"{scale.Path}: {scale.Name} is {scale.Entry} for {weight.Entry}; expected one scale, or one for each row{blocks}");
    }
}
