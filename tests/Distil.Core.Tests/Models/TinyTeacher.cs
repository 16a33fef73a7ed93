using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Distil.Core.Tests.Models;

/// <summary>A small teacher whose files are complete: qwen2, two layers, byte-level tokenizer, weights of 0 in bfloat16.</summary>
internal static class TinyTeacher
{
    /// <summary>V: 256 bytes, an added token, and rows that no token uses.</summary>
    public const int VocabularySize = 288;

    public const string Config = """
        {
          "model_type": "qwen2", "num_hidden_layers": 2, "hidden_size": 64, "intermediate_size": 32, "num_attention_heads": 4, "num_key_value_heads": 2,
          "vocab_size": 288, "max_position_embeddings": 128
        }
        """;

    /// <summary>The shapes of its weights by name.</summary>
    public static IReadOnlyDictionary<string, long[]> Shapes { get; } = new Dictionary<string, long[]>(
        [
            KeyValuePair.Create<string, long[]>("model.embed_tokens.weight", [VocabularySize, 64]),
            .. Enumerable.Range(0, 2).SelectMany(Layer),
            KeyValuePair.Create<string, long[]>("model.norm.weight", [64]),
            KeyValuePair.Create<string, long[]>("lm_head.weight", [VocabularySize, 64]),
        ]);

    public static string Tokenizer { get; } = new JsonObject
    {
        ["added_tokens"] = new JsonArray(new JsonObject { ["id"] = 256, ["content"] = "<|end|>", ["special"] = true }),
        ["pre_tokenizer"] = ByteLevel(),
        ["decoder"] = ByteLevel(),
        ["model"] = new JsonObject { ["type"] = "BPE", ["vocab"] = new JsonObject(Bytes()), ["merges"] = new JsonArray() },
    }.ToJsonString();

    /// <summary>A file of the weights of some names, each byte of the data being <paramref name="fill"/>.</summary>
    public static byte[] Weights(Func<string, bool>? takes = null, byte fill = 0) => Safetensors(
        Shapes.Where(shape => takes?.Invoke(shape.Key) ?? true).Select(shape => (shape.Key, "BF16", shape.Value)), fill);

    /// <summary>Writes the folder.</summary>
    public static void Write(string folder, byte fill = 0)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "config.json"), Config.ReplaceLineEndings("\n"));
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), Tokenizer);
        File.WriteAllBytes(Path.Combine(folder, "model.safetensors"), Weights(fill: fill));
    }

    /// <summary>A safetensors file.</summary>
    public static byte[] Safetensors(IEnumerable<(string Name, string Dtype, long[] Shape)> tensors, byte fill = 0)
    {
        var (header, end) = (new JsonObject(), 0L);
        foreach (var (name, dtype, shape) in tensors)
        {
            var size = dtype switch { "F32" or "I32" => 4, "BF16" or "F16" => 2, _ => 1 };
            var begin = end;
            end += size * shape.Aggregate(1L, (product, dimension) => product * dimension);
            header[name] = new JsonObject
            {
                ["dtype"] = dtype,
                ["shape"] = JsonSerializer.SerializeToNode(shape),
                ["data_offsets"] = new JsonArray(begin, end),
            };
        }

        var json = Encoding.UTF8.GetBytes(header.ToJsonString());
        var file = new byte[8 + json.Length + end];
        BinaryPrimitives.WriteInt64LittleEndian(file, json.Length);
        json.CopyTo(file, 8);
        file.AsSpan(8 + json.Length).Fill(fill);
        return file;
    }

    private static IEnumerable<KeyValuePair<string, long[]>> Layer(int layer)
    {
        (string Name, long[] Shape)[] weights =
        [
            ("input_layernorm.weight", [64]),
            ("self_attn.q_proj.weight", [64, 64]), ("self_attn.q_proj.bias", [64]), ("self_attn.k_proj.weight", [32, 64]), ("self_attn.k_proj.bias", [32]),
            ("self_attn.v_proj.weight", [32, 64]), ("self_attn.v_proj.bias", [32]), ("self_attn.o_proj.weight", [64, 64]),
            ("post_attention_layernorm.weight", [64]),
            ("mlp.gate_proj.weight", [32, 64]), ("mlp.up_proj.weight", [32, 64]), ("mlp.down_proj.weight", [64, 32]),
        ];
        return weights.Select(weight => KeyValuePair.Create($"model.layers.{layer}.{weight.Name}", weight.Shape));
    }

    private static JsonObject ByteLevel() => new() { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true, ["use_regex"] = true };

    private static IEnumerable<KeyValuePair<string, JsonNode?>> Bytes()
    {
        var moved = 0;
        for (var value = 0; value < 256; value++)
        {
            var visible = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            yield return KeyValuePair.Create(((char)(visible ? value : 256 + moved++)).ToString(), (JsonNode?)value);
        }
    }
}
