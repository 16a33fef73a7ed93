using Distil.Core.Safetensors;

namespace Distil.Core.Models.Folders;

/// <summary>How one weight is read.</summary>
/// <param name="Tensor">The weight.</param>
/// <param name="Values">Its values on disk.</param>
/// <param name="Scaling">How they are scaled; null if they are plain numbers.</param>
public sealed record WeightReading(ModelTensor Tensor, StoredTensor Values, Scaling? Scaling);
