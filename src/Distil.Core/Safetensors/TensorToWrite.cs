namespace Distil.Core.Safetensors;

/// <summary>A tensor that is about to be written to a safetensors file.</summary>
/// <param name="Name">Its name there.</param>
/// <param name="Dtype">Its element type there, of at least a byte.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Write">Writes its elements, little endian, in row-major order; called when its turn comes, so that one tensor is in memory at a time.</param>
public sealed record TensorToWrite(string Name, SafetensorsDtype Dtype, IReadOnlyList<long> Shape, Action<Stream> Write)
{
    /// <value>Bytes of its elements in the file.</value>
    public long Bytes => Shape.Aggregate((long)Dtype.Size, (product, size) => product * size);
}
