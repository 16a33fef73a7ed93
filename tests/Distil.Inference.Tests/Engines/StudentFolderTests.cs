using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;
using Distil.Core.Errors;
using Distil.Inference.Engines;
using Distil.Inference.Models;

namespace Distil.Inference.Tests.Engines;

/// <summary>What is in a student's folder is read by the engine, is an error, or is a warning, as when training reads it.</summary>
public sealed class StudentFolderTests
{
    private const string Bias = "xlstm.post_blocks_norm.bias";

    [Theory]
    [InlineData(XlstmTensorNames.FinalNorm, "unknown", "the weights have no tensor " + XlstmTensorNames.FinalNorm)]
    [InlineData("lm_head.weight", "lm_head.bias", "the weights have no tensor lm_head.weight")]
    public void A_missing_tensor_is_named(string name, string instead, string message) =>
        Assert.Contains(message, Refusal(header => Rename(header, name, instead)), StringComparison.Ordinal);

    [Theory]
    [InlineData(Bias)]
    [InlineData("lm_head.bias")]
    [InlineData("xlstm.blocks.9.xlstm_norm.weight")]
    public void A_surplus_tensor_of_the_student_is_named(string surplus) =>
        Assert.Contains($"contains {surplus}, for which config.json has no place", Refusal(header => Add(header, surplus)), StringComparison.Ordinal);

    [Fact]
    public void A_surplus_tensor_outside_the_student_is_a_warning()
    {
        using var engine = StudentEngine.Open(Changed(header => Add(header, "value_head.weight"), _ => { }));
        Assert.Contains("contains value_head.weight: they are outside the model", Assert.Single(engine.Reading.Warnings), StringComparison.Ordinal);
        Assert.Equal(["model.safetensors"], engine.Reading.Files);
    }

    [Fact]
    public void A_wrong_shape_is_named() => Assert.Contains(
        $"{XlstmTensorNames.FinalNorm} is [1, 96] F32; config.json (embedding_dim 96, vocab_size 203) needs [96]",
        Refusal(header => header[XlstmTensorNames.FinalNorm]!["shape"] = new JsonArray(1, 96)), StringComparison.Ordinal);

    [Theory]
    [InlineData(float.NaN, 0, "[0, 0] is NaN")]
    [InlineData(float.PositiveInfinity, 96 + 5, "[1, 5] is Infinity")]
    [InlineData(float.NegativeInfinity, 202 * 96 + 95, "[202, 95] is -Infinity")]
    public void A_value_that_is_not_finite_is_named(float value, int index, string place)
    {
        foreach (var bfloat16 in new[] { false, true })
        {
            var folder = Changed(_ => { }, data => Put(data, index, value, bfloat16), bfloat16);
            var message = Assert.Throws<InvalidInputException>(() => StudentEngine.Open(folder)).Message;
            Assert.EndsWith($"model.safetensors: {XlstmTensorNames.Embedding}{place}; expected finite numbers", message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Weights_in_float64_are_read_as_torch_reads_them()
    {
        var (folder, wide) = (RandomStudent.Write(RandomStudent.Small), RandomStudent.Write(RandomStudent.Small));
        var (header, data) = Read(folder);
        var floats = new byte[data.Length * 2];
        for (var i = 0; i < data.Length / 4; i++)
        {
            BinaryPrimitives.WriteDoubleLittleEndian(floats.AsSpan(8 * i), BitConverter.ToSingle(data, 4 * i));
        }

        Write(wide, Widened(header), floats);
        using var narrow = StudentEngine.Open(folder, new() { Threads = 1 });
        using var engine = StudentEngine.Open(wide, new() { Threads = 1 });
        Assert.Equal(EngineSteps.Steps(narrow, EngineSteps.Tokens[..5]), EngineSteps.Steps(engine, EngineSteps.Tokens[..5]));
    }

    private static string Refusal(Action<JsonObject> change) =>
        Assert.Throws<InvalidInputException>(() => StudentEngine.Open(Changed(change, _ => { }))).Message;

    private static string Changed(Action<JsonObject> header, Action<byte[]> data, bool bfloat16 = false)
    {
        var folder = RandomStudent.Write(RandomStudent.Small, bfloat16: bfloat16);
        var (read, bytes) = Read(folder);
        header(read);
        data(bytes);
        Write(folder, read, bytes);
        return folder;
    }

    private static void Rename(JsonObject header, string from, string to)
    {
        header[to] = header[from]!.DeepClone();
        header.Remove(from);
    }

    private static void Add(JsonObject header, string name) =>
        header[name] = JsonNode.Parse("""{"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}""");

    private static JsonObject Widened(JsonObject header)
    {
        foreach (var (_, entry) in header)
        {
            entry!["dtype"] = "F64";
            entry["data_offsets"] = new JsonArray([.. entry["data_offsets"]!.AsArray().Select(offset => JsonValue.Create(2 * offset!.GetValue<long>()))]);
        }

        return header;
    }

    private static void Put(byte[] data, int index, float value, bool bfloat16)
    {
        if (bfloat16)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(data.AsSpan(2 * index), (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16));
        }
        else
        {
            BinaryPrimitives.WriteSingleLittleEndian(data.AsSpan(4 * index), value);
        }
    }

    private static (JsonObject Header, byte[] Data) Read(string folder)
    {
        var file = File.ReadAllBytes(Path.Combine(folder, "model.safetensors"));
        var length = (int)BitConverter.ToUInt64(file);
        return (JsonNode.Parse(Encoding.UTF8.GetString(file, 8, length))!.AsObject(), file[(8 + length)..]);
    }

    private static void Write(string folder, JsonObject header, byte[] data)
    {
        var json = Encoding.UTF8.GetBytes(header.ToJsonString());
        File.WriteAllBytes(Path.Combine(folder, "model.safetensors"), [.. BitConverter.GetBytes((ulong)json.Length), .. json, .. data]);
    }
}
