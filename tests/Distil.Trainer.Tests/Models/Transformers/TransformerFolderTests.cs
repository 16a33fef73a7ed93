using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Distil.Core.Errors;
using Distil.Core.Safetensors;
using Distil.Trainer.Models.Transformers;
using Distil.Trainer.Safetensors;
using Distil.Trainer.Tests.Safetensors;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Models.Transformers;

/// <summary>Folders from which wrong numbers were read in silence: quantised weights, a trained head beside tied embeddings, two sets of weights, numbers
/// that are not finite.</summary>
public sealed class TransformerFolderTests : IDisposable
{
    private const string Golden = "Golden/qwen3-tiny", Up = "model.layers.1.mlp.up_proj.weight", Embedding = "model.embed_tokens.weight", Head = "lm_head.weight";
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("distil-tests-");
    private readonly Dictionary<string, (string Dtype, long[] Shape, byte[] Data)> _tensors = [];
    private readonly Dictionary<string, byte[]> _plain = [];

    public TransformerFolderTests()
    {
        using var weights = WeightFolder.Open(Golden);
        foreach (var name in weights.Stored.ByName.Keys)
        {
            using var value = weights.Read(name, ScalarType.Float32);
            _tensors[name] = ("F32", value.shape, value.bytes.ToArray());
        }
    }

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Int8_weights_are_multiplied_by_the_scale_of_their_row(bool zeroPoint)
    {
        foreach (var name in Projections())
        {
            var (scales, codes, zeros, numbers) = (new List<float>(), new List<sbyte>(), new List<sbyte>(), new List<float>());
            foreach (var row in Rows(name))
            {
                var (scale, zero) = (row.Max(Math.Abs) / 100, (sbyte)(zeroPoint ? 20 : 0));
                scales.Add(scale);
                zeros.Add(zero);
                codes.AddRange(row.Select(value => (sbyte)(Math.Round(value / scale) + zero)));
                numbers.AddRange(codes.TakeLast(row.Length).Select(code => (code - zero) * scale));
            }

            _plain[name] = Bytes<float>([.. numbers]);

            long rows = _tensors[name].Shape[0];
            _tensors[name] = ("I8", _tensors[name].Shape, Bytes<sbyte>([.. codes]));
            _tensors[name + "_scale"] = ("F32", [rows, 1], Bytes<float>([.. scales]));
            if (zeroPoint)
            {
                _tensors[name + "_zero_point"] = ("I8", [rows, 1], Bytes<sbyte>([.. zeros]));
            }
        }

        EqualsPlain("""{ "quant_method": "compressed-tensors", "format": "int-quantized" }""", "compressed-tensors int-quantized");
    }

    [Fact]
    public void Fp8_weights_are_multiplied_by_the_scale_of_their_block()
    {
        const int Block = 24; // does not divide the widths
        var table = Table();
        foreach (var name in Projections())
        {
            var rows = Rows(name);
            var (down, across) = ((rows.Length + Block - 1) / Block, (rows[0].Length + Block - 1) / Block);
            var scales = new float[down * across];
            foreach (var (r, row) in rows.Index())
            {
                foreach (var (c, value) in row.Index())
                {
                    ref var scale = ref scales[r / Block * across + c / Block];
                    scale = Math.Max(scale, Math.Abs(value) / 448);
                }
            }

            byte[] codes = [.. rows.SelectMany((row, r) => row.Select((value, c) => Nearest(table, value / scales[r / Block * across + c / Block])))];
            _plain[name] = Bytes<float>([.. codes.Select((code, i) => table[code] * scales[i / rows[0].Length / Block * across + i % rows[0].Length / Block])]);
            _tensors[name] = ("F8_E4M3", _tensors[name].Shape, codes);
            _tensors[name + "_scale_inv"] = ("F32", [down, across], Bytes<float>(scales));
        }

        EqualsPlain($$"""{ "quant_method": "fp8", "weight_block_size": [{{Block}}, {{Block}}], "activation_scheme": "dynamic", "fmt": "e4m3" }""", "fp8");
    }

    [Fact]
    public void A_trained_head_beside_tied_embeddings_is_the_head()
    {
        _tensors[Head] = _tensors[Embedding];
        Write(config => config["tie_word_embeddings"] = true);
        using (var same = TransformerModel.Load(_folder.FullName, CPU))
        {
            Assert.True(same.Config.TiedHead);
            Assert.Same(same.EmbeddingWeight, same.HeadWeight);
        }

        var trained = (byte[])_tensors[Embedding].Data.Clone();
        trained[6] ^= 64;
        _tensors[Head] = ("F32", _tensors[Embedding].Shape, trained);
        Write(config => config["tie_word_embeddings"] = true);
        using var model = TransformerModel.Load(_folder.FullName, CPU);
        Assert.False(model.Config.TiedHead);
        Assert.Equal(trained, model.HeadWeight.bytes.ToArray());
        using var inherited = EmbeddingAndHead.Read(_folder.FullName);
        Assert.Equal(trained, inherited.Head.bytes.ToArray());
        Assert.NotSame(inherited.Embedding, inherited.Head);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.NegativeInfinity)]
    public void A_number_that_is_not_finite_is_found_on_load(float value)
    {
        MemoryMarshal.Cast<byte, float>(_tensors[Up].Data.AsSpan())[67] = value;
        Write();
        Assert.EndsWith($"model.safetensors: {Up}[1, 3] is {value}; expected finite numbers", LoadError());
    }

    [Fact]
    public void The_single_file_is_read_and_another_set_of_weights_is_a_warning()
    {
        Write();
        File.Copy(Path.Combine(_folder.FullName, "model.safetensors"), Path.Combine(_folder.FullName, "model-00001-of-00001.safetensors"));
        File.WriteAllText(
            Path.Combine(_folder.FullName, WeightIndex.Name), $$"""{ "weight_map": { "{{Up}}": "model-00001-of-00001.safetensors" } }""");
        using var model = TransformerModel.Load(_folder.FullName, CPU);
        Assert.Equal(["model.safetensors"], model.Reading!.Files);
        Assert.Contains("not from model-00001-of-00001.safetensors", Assert.Single(model.Reading.Warnings));
    }

    [Fact]
    public void A_tensor_in_two_files_must_be_the_same_in_both()
    {
        Write();
        File.Move(Path.Combine(_folder.FullName, "model.safetensors"), Path.Combine(_folder.FullName, "a.safetensors"));
        WriteIndex(name => name == Up ? "b.safetensors" : "a.safetensors");
        RawSafetensors.Write(Path.Combine(_folder.FullName, "b.safetensors"), [(Up, "F32", _tensors[Up].Shape, _tensors[Up].Data)]);
        TransformerModel.Load(_folder.FullName, CPU).Dispose();
        RawSafetensors.Write(Path.Combine(_folder.FullName, "b.safetensors"), [(Up, "F32", _tensors[Up].Shape, new byte[_tensors[Up].Data.Length])]);
        Assert.EndsWith($"a.safetensors: {Up} differs from that in {Path.Combine(_folder.FullName, "b.safetensors")}; expected it once", LoadError());
    }

    [Fact]
    public void An_adapter_beside_the_model_is_refused()
    {
        Write();
        File.WriteAllText(Path.Combine(_folder.FullName, "adapter_config.json"), "{}");
        Assert.Contains("has adapter_config.json, an adapter, which is not read", LoadError());
    }

    [Fact]
    public void A_Git_LFS_pointer_is_named()
    {
        Write();
        File.WriteAllText(Path.Combine(_folder.FullName, "model.safetensors"), $"version https://git-lfs.github.com/spec/v1\noid sha256:{new string('a', 64)}\nsize 5\n");
        Assert.EndsWith("model.safetensors: is a Git LFS pointer, not the file itself; expected the file (fetch it with `git lfs pull`)", LoadError());
    }

    /// <summary>The folder's outputs are those of the numbers that its codes and scales stand for, and not quite those of the original.</summary>
    private void EqualsPlain(string quantization, string method)
    {
        Write(config => config["quantization_config"] = JsonNode.Parse(quantization));
        using var scope = NewDisposeScope();
        using var golden = new GoldenCase("qwen3-tiny");
        using var model = TransformerModel.Load(_folder.FullName, CPU);
        Assert.StartsWith(method, model.Reading!.Quantization);
        Assert.Empty(model.Reading.Warnings);
        var logits = model.Forward(golden.InputIds).matmul(model.HeadWeight.t());
        Assert.InRange(GoldenCase.RelativeError(logits, golden["logits"]), 1e-5, 0.2);

        foreach (var name in _tensors.Keys.Where(name => name.Contains("_scale") || name.Contains("_zero_point")).ToList())
        {
            _tensors.Remove(name);
        }

        foreach (var (name, numbers) in _plain)
        {
            _tensors[name] = ("F32", _tensors[name].Shape, numbers);
        }

        Write();
        using var plain = TransformerModel.Load(_folder.FullName, CPU);
        Assert.InRange(GoldenCase.RelativeError(logits, plain.Forward(golden.InputIds).matmul(plain.HeadWeight.t())), 0, 1e-6);
    }

    private string LoadError() => Assert.Throws<InvalidInputException>(() => TransformerModel.Load(_folder.FullName, CPU)).Message;

    private void Write(Action<JsonObject>? change = null)
    {
        var config = JsonNode.Parse(File.ReadAllText(Path.Combine(Golden, "config.json")))!.AsObject();
        change?.Invoke(config);
        File.WriteAllText(Path.Combine(_folder.FullName, "config.json"), config.ToJsonString());
        RawSafetensors.Write(
            Path.Combine(_folder.FullName, "model.safetensors"),
            _tensors.Select(tensor => (tensor.Key, tensor.Value.Dtype, tensor.Value.Shape, tensor.Value.Data)));
    }

    private void WriteIndex(Func<string, string> file) => File.WriteAllText(
        Path.Combine(_folder.FullName, WeightIndex.Name),
        new JsonObject { ["weight_map"] = new JsonObject(_tensors.Keys.Select(name => KeyValuePair.Create(name, (JsonNode?)file(name)))) }.ToJsonString());

    private string[] Projections() => [.. _tensors.Keys.Where(name => name.EndsWith("proj.weight", StringComparison.Ordinal))];

    private float[][] Rows(string name) =>
        [.. MemoryMarshal.Cast<byte, float>(_tensors[name].Data.AsSpan()).ToArray().Chunk((int)_tensors[name].Shape[1])];

    private static byte[] Bytes<T>(T[] values)
        where T : unmanaged => MemoryMarshal.AsBytes(values.AsSpan()).ToArray();

    private static float[] Table()
    {
        using var codes = tensor(Enumerable.Range(0, 256).Select(code => (byte)code).ToArray());
        using var values = Float8.Decode(codes, SafetensorsDtype.Of("F8_E4M3"));
        return values.data<float>().ToArray();
    }

    private static byte Nearest(float[] table, float value) =>
        (byte)Enumerable.Range(0, 256).Where(code => !float.IsNaN(table[code])).MinBy(code => Math.Abs(table[code] - value));
}
