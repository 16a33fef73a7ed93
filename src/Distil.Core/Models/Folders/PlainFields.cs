using Distil.Core.Errors;

namespace Distil.Core.Models.Folders;

/// <summary>Settings of config.json for which each family has one form: activation, biases, and causal attention.</summary>
internal static class PlainFields
{
    /// <summary>Refuses settings that would change the numbers if they were ignored.</summary>
    /// <exception cref="InvalidInputException">A setting is not supported.</exception>
    public static void Require(ConfigDocument document, FamilyTraits traits)
    {
        if (traits.Gelu)
        {
            document.Ignore(["hidden_act", "cache_implementation", "sliding_window_size"]); // transformers reads hidden_activation and sliding_window
            if (document.Text("hidden_activation", "gelu_pytorch_tanh") != "gelu_pytorch_tanh")
            {
                throw document.Wrong("hidden_activation", "gelu_pytorch_tanh");
            }
        }
        else if (document.Text("hidden_act", "silu") is not ("silu" or "swish")) // two names of one function
        {
            throw document.Wrong("hidden_act", "silu");
        }

        if (!traits.PartialRotary)
        {
            document.RequireNeutral("partial_rotary_factor", "1");
        }

        if (!traits.ReadsFeedForwardBias)
        {
            document.RequireNeutral("mlp_bias", "false");
        }

        if (traits.AttentionBias == BiasRule.Never)
        {
            document.RequireNeutral("attention_bias", "false");
        }

        document.RequireNeutral("lm_head_bias", "false");
        document.RequireNeutral("use_bidirectional_attention", "false");
    }
}
