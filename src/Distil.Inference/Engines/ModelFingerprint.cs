using System.Security.Cryptography;
using Distil.Core.Safetensors;
using Distil.Inference.Models;

namespace Distil.Inference.Engines;

/// <summary>Tells a student's saved states from those of another: a hash of its configuration and of samples of its weights.</summary>
internal static class ModelFingerprint
{
    private const int SampleBytes = 4096;
    private const int Samples = 256;

    /// <summary>The fingerprint, 32 bytes.</summary>
    internal static byte[] Of(string folder, WeightFolder weights)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(File.ReadAllBytes(Path.Combine(folder, XlstmConfigFile.Name)));
        var sample = new byte[SampleBytes];
        foreach (var path in weights.Files.Select(file => file.Path).Order(StringComparer.Ordinal))
        {
            using var file = File.OpenHandle(path);
            var length = RandomAccess.GetLength(file);
            hash.AppendData(BitConverter.GetBytes(length));
            for (var i = 0; i < Samples; i++)
            {
                var read = RandomAccess.Read(file, sample, (long)((Int128)Math.Max(0, length - SampleBytes) * i / (Samples - 1)));
                hash.AppendData(sample, 0, read);
            }
        }

        return hash.GetHashAndReset();
    }
}
