namespace Distil.Core.Models;

/// <summary>The supported families of Transformers.</summary>
public enum TransformerFamily
{
    /// <summary>Qwen2 and Qwen2.5.</summary>
    Qwen2,

    /// <summary>Qwen3, dense.</summary>
    Qwen3,

    /// <summary>Llama 2 and 3.x, SmolLM2.</summary>
    Llama,

    /// <summary>Mistral, and Ministral 8B of 2024.</summary>
    Mistral,

    /// <summary>Ministral, with windows in some of the layers.</summary>
    Ministral,

    /// <summary>Ministral 3, the language model alone.</summary>
    Ministral3,

    /// <summary>Gemma 2.</summary>
    Gemma2,

    /// <summary>Gemma 3, the language model alone.</summary>
    Gemma3,

    /// <summary>Phi-3, Phi-3.5 and Phi-4, dense.</summary>
    Phi3,

    /// <summary>OLMo 2.</summary>
    Olmo2,

    /// <summary>SmolLM3.</summary>
    SmolLm3,

    /// <summary>Granite 3.x, dense.</summary>
    Granite,

    /// <summary>Qwen3 with experts.</summary>
    Qwen3Moe,
}
