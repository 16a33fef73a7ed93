using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Distil.Core.Safetensors;

/// <summary>Writes the weights of a Hugging Face folder: one file, or several with the list that names them.</summary>
/// <remarks>The layout of several files is that of transformers: https://huggingface.co/docs/transformers/big_models.</remarks>
public static class WeightFolderOutput
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>Writes the weights. Each file appears either complete or not at all, the list last; files of earlier weights are deleted.</summary>
    /// <param name="folder">Created if it is missing.</param>
    /// <param name="tensors">With unique names, in the order in which files are filled.</param>
    /// <param name="fileBytes">Largest file, in bytes of its tensors; a single tensor may be larger.</param>
    public static void Write(string folder, IReadOnlyList<TensorToWrite> tensors, long fileBytes)
    {
        var files = Fill(tensors, fileBytes);
        string NameOf(int file) => files.Count == 1
            ? WeightIndex.SingleName
            : string.Create(CultureInfo.InvariantCulture, $"model-{file + 1:D5}-of-{files.Count:D5}.safetensors");
        foreach (var (i, file) in files.Index())
        {
            SafetensorsOutput.Write(Path.Combine(folder, NameOf(i)), file);
        }

        if (files.Count > 1)
        {
            var places = files.SelectMany((file, i) => file.Select(tensor => KeyValuePair.Create(tensor.Name, (JsonNode?)NameOf(i))));
            var list = new JsonObject
            {
                ["metadata"] = new JsonObject { ["total_size"] = tensors.Sum(tensor => tensor.Bytes) },
                ["weight_map"] = new JsonObject(places.OrderBy(place => place.Key, StringComparer.Ordinal)),
            };
            AtomicFile.WriteText(Path.Combine(folder, WeightIndex.Name), list.ToJsonString(Indented) + "\n");
        }

        DeleteOthers(folder, [.. files.Select((_, i) => NameOf(i))]);
    }

    private static List<List<TensorToWrite>> Fill(IReadOnlyList<TensorToWrite> tensors, long fileBytes)
    {
        var (files, bytes) = (new List<List<TensorToWrite>> { new() }, 0L);
        foreach (var tensor in tensors)
        {
            if (files[^1].Count > 0 && bytes + tensor.Bytes > fileBytes)
            {
                files.Add([]);
                bytes = 0;
            }

            files[^1].Add(tensor);
            bytes += tensor.Bytes;
        }

        return files;
    }

    // A single file of an earlier model would be read instead of several, and left-over ones would be reported at every reading.
    private static void DeleteOthers(string folder, IReadOnlyList<string> written)
    {
        foreach (var path in Directory.EnumerateFiles(folder, "model*.safetensors").Where(path => !written.Contains(Path.GetFileName(path))).ToArray())
        {
            File.Delete(path);
        }

        if (written.Count == 1)
        {
            File.Delete(Path.Combine(folder, WeightIndex.Name));
        }
    }
}
