using Distil.Core.Safetensors;

namespace Distil.Inference.Tests.Engines;

/// <summary>The reference's tiny student with its expected logits.</summary>
internal static class GoldenStudent
{
    internal static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Golden", "xlstm-tiny");

    /// <summary>Copies its config with one of its files of weights.</summary>
    internal static string Copy(string weights)
    {
        var folder = Directory.CreateTempSubdirectory("distil-golden-").FullName;
        File.Copy(Path.Combine(Folder, "config.json"), Path.Combine(folder, "config.json"));
        File.Copy(Path.Combine(Folder, weights), Path.Combine(folder, "model.safetensors"));
        return folder;
    }

    /// <summary>The token ids of each sequence, and the logits after each token.</summary>
    internal static IEnumerable<(int[] Tokens, float[][] Logits)> Sequences()
    {
        using var file = SafetensorsFile.Open(Path.Combine(Folder, "case.safetensors"));
        var logits = file.Entries["logits"];
        var (batch, length, vocabulary) = ((int)logits.Shape[0], (int)logits.Shape[1], (int)logits.Shape[2]);
        var (idBytes, logitBytes) = (Bytes(file, "input_ids"), Bytes(file, "logits"));
        for (var row = 0; row < batch; row++)
        {
            yield return (
                [.. Enumerable.Range(0, length).Select(t => (int)BitConverter.ToInt64(idBytes, 8 * (row * length + t)))],
                [.. Enumerable.Range(0, length).Select(t => Enumerable.Range(0, vocabulary)
                    .Select(i => BitConverter.ToSingle(logitBytes, 4 * ((row * length + t) * vocabulary + i))).ToArray())]);
        }
    }

    private static byte[] Bytes(SafetensorsFile file, string name)
    {
        var data = file.Seek(name, out var entry);
        var bytes = new byte[entry.End - entry.Begin];
        data.ReadExactly(bytes);
        return bytes;
    }
}
