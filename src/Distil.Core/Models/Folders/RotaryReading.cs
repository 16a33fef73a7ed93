namespace Distil.Core.Models.Folders;

/// <summary>The rotary embeddings of a config.json.</summary>
/// <param name="Theta">Base of the wavelengths.</param>
/// <param name="Scaling">How they are scaled; null for not at all.</param>
/// <param name="Window">The embedding of layers with a window; null if it is the same.</param>
/// <param name="Width">Units of a head that are rotated.</param>
/// <param name="Growth">Growth of the queries; null for none.</param>
internal sealed record RotaryReading(double Theta, RotaryScaling? Scaling, RotaryForm? Window, int Width, QueryGrowth? Growth);
