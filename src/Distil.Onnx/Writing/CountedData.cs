namespace Distil.Onnx.Writing;

/// <summary>Counts the bytes that an export would write.</summary>
internal sealed class CountedData : IWeightData
{
    /// <value>Bytes of all weights.</value>
    internal long Bytes { get; private set; }

    /// <inheritdoc/>
    public DataPlace Add(long bytes, Action<Stream> write)
    {
        Bytes += bytes;
        return new("", 0, bytes);
    }
}
