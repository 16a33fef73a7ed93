using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Distil.Core.Safetensors;
using Distil.Trainer.Models.Transformers;
using Distil.Trainer.Safetensors;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Models.Transformers;

/// <summary>Quantised weights, which were read as plain numbers.</summary>
public sealed class QuantizedWeightsTests : IDisposable
{
    private readonly EditedFolder _folder = new();
    private readonly Dictionary<string, byte[]> _plain = [];

    public void Dispose() => _folder.Dispose();

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

            long rows = _folder.Tensors[name].Shape[0];
            _folder.Tensors[name] = ("I8", _folder.Tensors[name].Shape, Bytes<sbyte>([.. codes]));
            _folder.Tensors[name + "_scale"] = ("F32", [rows, 1], Bytes<float>([.. scales]));
            if (zeroPoint)
            {
                _folder.Tensors[name + "_zero_point"] = ("I8", [rows, 1], Bytes<sbyte>([.. zeros]));
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
            _folder.Tensors[name] = ("F8_E4M3", _folder.Tensors[name].Shape, codes);
            _folder.Tensors[name + "_scale_inv"] = ("F32", [down, across], Bytes<float>(scales));
        }

        EqualsPlain($$"""{ "quant_method": "fp8", "weight_block_size": [{{Block}}, {{Block}}], "activation_scheme": "dynamic", "fmt": "e4m3" }""", "fp8");
    }

    /// <summary>The folder's outputs are those of the numbers that its codes and scales stand for, and not quite those of the original.</summary>
    private void EqualsPlain(string quantization, string method)
    {
        _folder.Write(config => config["quantization_config"] = JsonNode.Parse(quantization));
        using var scope = NewDisposeScope();
        using var golden = new GoldenCase("qwen3-tiny");
        using var model = TransformerModel.Load(_folder.Path, CPU);
        Assert.StartsWith(method, model.Reading!.Quantization);
        Assert.Empty(model.Reading.Warnings);
        var logits = model.Forward(golden.InputIds).matmul(model.HeadWeight.t());
        Assert.InRange(GoldenCase.RelativeError(logits, golden["logits"]), 1e-5, 0.2);

        foreach (var name in _folder.Tensors.Keys.Where(name => name.Contains("_scale") || name.Contains("_zero_point")).ToList())
        {
            _folder.Tensors.Remove(name);
        }

        foreach (var (name, numbers) in _plain)
        {
            _folder.Tensors[name] = ("F32", _folder.Tensors[name].Shape, numbers);
        }

        _folder.Write();
        using var plain = TransformerModel.Load(_folder.Path, CPU);
        Assert.InRange(GoldenCase.RelativeError(logits, plain.Forward(golden.InputIds).matmul(plain.HeadWeight.t())), 0, 1e-6);
    }

    private string[] Projections() => [.. _folder.Tensors.Keys.Where(name => name.EndsWith("proj.weight", StringComparison.Ordinal))];

    private float[][] Rows(string name) =>
        [.. MemoryMarshal.Cast<byte, float>(_folder.Tensors[name].Data.AsSpan()).ToArray().Chunk((int)_folder.Tensors[name].Shape[1])];

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
