namespace Distil.Core.Models.Folders;

/// <summary>A Transformer's config.json as it was read.</summary>
/// <param name="Config">The model's shape.</param>
/// <param name="Quantization">How the weights are quantised; null if they are plain numbers.</param>
public sealed record ConfigReading(TransformerConfig Config, Quantization? Quantization);
