using Distil.Core.Safetensors;
using static TorchSharp.torch;

namespace Distil.Trainer.Safetensors;

/// <summary>Writes tensors, from any device, to safetensors files, which Python can read as well.</summary>
public static class SafetensorsWriter
{
    private const int BufferBytes = 1 << 20;

    /// <summary>Writes tensors to a file that appears either complete or not at all.</summary>
    /// <param name="path">An existing file is replaced; its folder is created.</param>
    /// <param name="tensors">Unique names, and values in the element type that the file will have.</param>
    /// <param name="metadata">The header's <c>__metadata__</c>; default <c>{"format": "pt"}</c>.</param>
    public static void Write(string path, IEnumerable<KeyValuePair<string, Tensor>> tensors, IReadOnlyDictionary<string, string>? metadata = null) =>
        SafetensorsOutput.Write(path, tensors.Select(tensor => Of(tensor, tensor.Value.dtype)), metadata);

    /// <summary>Writes the weights of a model's folder.</summary>
    /// <param name="folder">Created if it is missing.</param>
    /// <param name="tensors">Unique names; the values are converted one after the other.</param>
    /// <param name="storage">Element type and size of the files.</param>
    public static void WriteFolder(string folder, IEnumerable<KeyValuePair<string, Tensor>> tensors, WeightStorage storage) => WeightFolderOutput.Write(
        folder, [.. tensors.Select(tensor => Of(tensor, storage.Dtype.ToTorch()!.Value))], storage.FileBytes);

    private static TensorToWrite Of(KeyValuePair<string, Tensor> tensor, ScalarType type) => new(tensor.Key, type.ToSafetensors(), tensor.Value.shape, file =>
    {
        if (tensor.Value.numel() > 0)
        {
            using var scope = NewDisposeScope();
            tensor.Value.detach().to(type).cpu().contiguous().WriteBytesToStream(file, BufferBytes);
        }
    });
}
