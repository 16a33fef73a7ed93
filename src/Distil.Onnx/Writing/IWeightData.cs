namespace Distil.Onnx.Writing;

/// <summary>Receives the elements of weights, which are too many for the model's own file: a protobuf message ends at 2 GB.</summary>
internal interface IWeightData
{
    /// <summary>Adds the elements of a weight.</summary>
    /// <param name="bytes">Their number of bytes.</param>
    /// <param name="write">Writes them.</param>
    DataPlace Add(long bytes, Action<Stream> write);
}
