using Distil.Core.Errors;

namespace Distil.Core.Models.Folders;

/// <summary>Settings of config.json for which Distil has one form: the activation, and full attention with all of a head rotated.</summary>
internal static class PlainFields
{
    /// <summary>The value of max_window_layers in transformers if the file has none.</summary>
    private const int DefaultWindowLayers = 28;

    /// <summary>Refuses settings that would change the numbers if they were ignored.</summary>
    /// <exception cref="InvalidInputException">A setting is not supported.</exception>
    public static void Require(ConfigDocument document, TransformerFamily family, int layers)
    {
        if (document.Text("hidden_act", "silu") is not ("silu" or "swish")) // two names of one function
        {
            throw document.Wrong("hidden_act", "silu");
        }

        document.RequireNeutral("partial_rotary_factor", "1");
        if (family == TransformerFamily.Llama)
        {
            document.RequireNeutral("use_sliding_window", "false");
            document.Ignore(["max_window_layers"]);
        }
        else
        {
            document.RequireNeutral("mlp_bias", "false");
        }

        RequireFullAttention(document, family, layers);
    }

    private static void RequireFullAttention(ConfigDocument document, TransformerFamily family, int layers)
    {
        const string NoWindow = "full attention in every layer (sliding windows are not supported)";
        if (document.Texts("layer_types") is { } types)
        {
            document.Ignore(["use_sliding_window", "sliding_window", "max_window_layers"]);
            if (types.Any(type => type != "full_attention"))
            {
                throw document.Wrong("layer_types", NoWindow);
            }

            if (types.Count != layers)
            {
                throw document.Wrong("layer_types", $"one for each of num_hidden_layers {layers}");
            }
        }
        else if (family != TransformerFamily.Llama)
        {
            var windows = document.Flag("use_sliding_window", false) && document.Has("sliding_window");
            document.Ignore(["sliding_window", "max_window_layers"]);
            if (windows && document.Count("max_window_layers", DefaultWindowLayers, least: 0) < layers)
            {
                throw document.Wrong("sliding_window", NoWindow);
            }
        }
    }
}
