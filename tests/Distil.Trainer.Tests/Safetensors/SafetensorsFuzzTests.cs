using System.Text;
using CsCheck;
using Distil.Core.Errors;
using Distil.Core.Safetensors;
using Distil.Fuzzing;
using Distil.Trainer.Safetensors;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Safetensors;

/// <summary>Weight files with arbitrary content.</summary>
public sealed class SafetensorsFuzzTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("distil-tests-");
    private readonly byte[] _valid;

    public SafetensorsFuzzTests()
    {
        SafetensorsWriter.Write(
            Model,
            new Dictionary<string, Tensor> { ["a.weight"] = randn(3, 4), ["b"] = tensor(1), ["c"] = zeros(0, 2), ["d"] = ones(5, dtype: ScalarType.BFloat16) });
        _valid = File.ReadAllBytes(Model);
    }

    private string Model => Path.Combine(_folder.FullName, "model.safetensors");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public Task Arbitrary_bytes() => Hostile.EndsInAsync<InvalidInputException>(Mutations.Arbitrary, ReadAll, iterations: 300);

    [Fact]
    public Task Arbitrary_headers() => Hostile.EndsInAsync<InvalidInputException>(Gen.String.Select(WithHeader), ReadAll, iterations: 300);

    [Fact]
    public Task Changed_bytes() => Hostile.EndsInAsync<InvalidInputException>(Mutations.Of(_valid), ReadAll);

    [Fact]
    public Task Changed_headers() => Hostile.EndsInAsync<InvalidInputException>(Mutations.OfJson(Header()).Select(WithHeader), ReadAll);

    [Fact]
    public Task Changed_lists_of_shards() => Hostile.EndsInAsync<InvalidInputException>(
        Mutations.OfJson("""{"metadata":{"total_size":1},"weight_map":{"a.weight":"model.safetensors","b":"model.safetensors","c":"model.safetensors","d":"model.safetensors"}}"""),
        bytes =>
        {
            File.WriteAllBytes(Path.Combine(_folder.FullName, WeightIndex.Name), bytes);
            WeightFolder.Open(_folder.FullName).Dispose();
        });

    private string Header() => Encoding.UTF8.GetString(_valid, 8, (int)BitConverter.ToUInt64(_valid));

    private byte[] WithHeader(string header)
    {
        var json = Encoding.UTF8.GetBytes(header);
        return [.. BitConverter.GetBytes((ulong)json.Length), .. json, .. _valid[(8 + (int)BitConverter.ToUInt64(_valid))..]];
    }

    private void ReadAll(byte[] bytes)
    {
        File.WriteAllBytes(Model, bytes);
        using var file = SafetensorsFile.Open(Model);
        foreach (var name in file.Entries.Keys)
        {
            file.Read(name).Dispose();
        }
    }
}
