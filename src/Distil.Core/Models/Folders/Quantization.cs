using Distil.Core.Errors;

namespace Distil.Core.Models.Folders;

/// <summary>How a folder's weights are quantised (<c>quantization_config</c> of config.json): fp8 or int8 numbers, each multiplied by a scale.</summary>
/// <param name="Method">For people: <c>fp8</c>, or <c>compressed-tensors int-quantized</c>.</param>
/// <param name="Blocks">Sizes, rows × columns, of the blocks of a weight that can share a scale; whole rows and whole weights need none.</param>
public sealed record Quantization(string Method, IReadOnlyList<(long Rows, long Columns)> Blocks)
{
    private const string Supported = "fp8, or compressed-tensors with int8 or fp8 weights";

    /// <summary>Formats of compressed-tensors in which a weight has a number for each element.</summary>
    private static readonly string[] Formats = ["int-quantized", "float-quantized", "naive-quantized", "mixed-precision", "dense"];

    /// <summary>Fields that describe activations, or how the scales were found.</summary>
    private static readonly string[] WithoutEffect =
    [
        "activation_scheme", "dequantize", "fmt", "ignore", "ignored_layers", "modules_to_not_convert", "quantization_status", "scale_fmt", "version",
        "global_compression_ratio", "run_compressed", "kv_cache_scheme",
    ];

    private static readonly string[] GroupWithoutEffect =
    [
        "targets", "input_activations", "output_activations", "actorder", "dynamic", "num_bits", "observer", "observer_kwargs", "symmetric", "type",
        "scale_dtype", "zp_dtype",
    ];

    /// <summary>Reads the quantisation of a config.json; null if it has none.</summary>
    /// <exception cref="InvalidInputException">The weights are quantised in a way that is not read.</exception>
    public static Quantization? Read(ConfigDocument config)
    {
        var document = config.Object("quantization_config") ?? config.Object("compression_config");
        if (document is null)
        {
            return null;
        }

        document.Ignore(WithoutEffect);
        return document.Text("quant_method", "missing") switch
        {
            "fp8" => new("fp8", document.Counts("weight_block_size") is { } block ? [BlockOf(document, "weight_block_size", block)] : []),
            "compressed-tensors" => Compressed(document),
            _ => throw document.Wrong("quant_method", Supported),
        };
    }

    private static Quantization Compressed(ConfigDocument document)
    {
        var format = FormatOf(document, "dense");
        RefuseUnless(document.Object("sparsity_config"), "format", "dense");
        if (document.Object("transform_config") is { } transforms && transforms.Fields.Any())
        {
            throw document.Wrong("transform_config", "none: weights that are rotated or transformed are not read");
        }

        var blocks = new List<(long, long)>();
        foreach (var group in document.Object("config_groups") is { } groups ? groups.Fields.Select(name => groups.Object(name)!) : [])
        {
            FormatOf(group, format);
            group.Ignore(GroupWithoutEffect);
            if (group.Object("weights") is { } weights)
            {
                weights.Ignore(GroupWithoutEffect);
                blocks.AddRange(BlocksOf(weights));
            }
        }

        return new($"compressed-tensors {format}", blocks);
    }

    private static string FormatOf(ConfigDocument document, string otherwise)
    {
        var format = document.Text("format", otherwise);
        return Formats.Contains(format) ? format : throw document.Wrong("format", string.Join(", ", Formats));
    }

    private static IEnumerable<(long, long)> BlocksOf(ConfigDocument weights) => weights.Text("strategy", "channel") switch
    {
        "channel" or "tensor" => [],
        "group" => [(1, weights.Count("group_size"))],
        "block" when weights.Counts("block_structure") is { } block => [BlockOf(weights, "block_structure", block)],
        _ => throw weights.Wrong("strategy", "channel, tensor, group, or block with its block_structure"),
    };

    private static (long, long) BlockOf(ConfigDocument document, string field, IReadOnlyList<int> block) =>
        block.Count == 2 ? (block[0], block[1]) : throw document.Wrong(field, "two numbers ≥ 1, rows and columns");

    private static void RefuseUnless(ConfigDocument? document, string field, string expected)
    {
        document?.Ignore(["ignore", "targets", "sparsity_structure", "global_sparsity", "registry_requires_subclass"]);
        if (document is not null && document.Text(field, expected) != expected)
        {
            throw document.Wrong(field, expected);
        }
    }
}
