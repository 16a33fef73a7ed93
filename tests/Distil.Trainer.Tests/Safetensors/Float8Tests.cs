using Distil.Core.Safetensors;
using Distil.Trainer.Safetensors;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Safetensors;

public sealed class Float8Tests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("distil-tests-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("F8_E4M3", new byte[] { 0x00, 0x01, 0x07, 0x08, 0x38, 0xB8, 0x7E, 0x7F }, new[] { 0f, 1f / 512, 7f / 512, 1f / 64, 1, -1, 448, float.NaN })]
    [InlineData("F8_E5M2", new byte[] { 0x00, 0x01, 0x03, 0x04, 0x3C, 0xBC, 0x7B, 0x7C, 0x7E },
        new[] { 0f, 1f / 65536, 3f / 65536, 1f / 16384, 1, -1, 57344, float.PositiveInfinity, float.NaN })]
    [InlineData("F8_E8M0", new byte[] { 127, 128, 126, 0, 255 }, new[] { 1f, 2, 0.5f, 5.877472e-39f, float.NaN })]
    public void Numbers_of_eight_bits_are_those_of_the_OCP_formats(string dtype, byte[] bytes, float[] expected)
    {
        var path = Path.Combine(_folder.FullName, "a.safetensors");
        RawSafetensors.Write(path, [("a", dtype, [bytes.Length], bytes)]);
        using var file = SafetensorsFile.Open(path);
        using var read = file.Read("a");
        Assert.Equal(expected, read.data<float>().ToArray());
        Assert.Equal(ScalarType.Float32, read.dtype);
    }
}
