using Distil.Inference.Models;
using LLama;
using LLama.Common;
using LLama.Native;

namespace Distil.Bench.Peers;

/// <summary>llama.cpp, decoding with a Transformer of Llama's architecture and random weights: our student's width and vocabulary, and feed-forward layers as
/// wide as make it read as many bytes for a token.</summary>
internal sealed class LlamaPeer : IPeer
{
    private const int Layers = 6, HeadSize = 128, KeyValueHeads = 2, ContextLength = 512;

    private readonly string _path = Path.GetTempFileName();
    private readonly LLamaWeights _weights;
    private readonly LLamaContext _context;
    private readonly LLamaBatch _batch = new();
    private readonly int _vocabulary;
    private int _position;

    /// <param name="student">Whose width and vocabulary it has.</param>
    /// <param name="type">How matrices are stored.</param>
    /// <param name="bytes">Bytes that it is to read for a token.</param>
    /// <param name="threads">Number of threads.</param>
    internal LlamaPeer(XlstmConfig student, GgufType type, long bytes, int threads)
    {
        Name = $"llama.cpp, {(type == GgufType.Q8 ? "Q8_0" : "Q4_0")}";
        _vocabulary = student.VocabularySize;
        var file = Describe(student, type, bytes);
        file.Write(_path);
        Bytes = file.TensorBytes;
        var options = new ModelParams(_path) { ContextSize = ContextLength, Threads = threads, BatchThreads = threads, GpuLayerCount = 0 };
        (_weights, _context) = (LLamaWeights.LoadFromFile(options), null!);
        _context = _weights.CreateContext(options);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public long Bytes { get; }

    /// <inheritdoc/>
    public void Step(int token)
    {
        if (_position == ContextLength)
        {
            _context.NativeHandle.MemoryClear();
            _position = 0;
        }

        _batch.Clear();
        _batch.Add(token % _vocabulary, _position++, LLamaSeqId.Zero, logits: true);
        if (_context.Decode(_batch) is not DecodeResult.Ok and var result)
        {
            throw new InvalidOperationException($"llama.cpp decodes with {result}");
        }

        _context.NativeHandle.Synchronize();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _context.Dispose();
        _weights.Dispose();
        File.Delete(_path);
    }

    private static GgufFile Describe(XlstmConfig student, GgufType type, long bytes)
    {
        int width = student.Width, shared = KeyValueHeads * HeadSize;
        long Of(long rows) => GgufFile.BytesOf(width, rows, type);
        var left = (bytes - Of(student.VocabularySize)) / Layers - Of(2L * width + 2 * shared);
        var inner = left / (3 * Of(1)) / 64 * 64;
        var file = new GgufFile();
        file.Add("general.architecture", "llama");
        file.Add("llama.vocab_size", student.VocabularySize);
        file.Add("llama.context_length", ContextLength);
        file.Add("llama.embedding_length", width);
        file.Add("llama.block_count", Layers);
        file.Add("llama.feed_forward_length", inner);
        file.Add("llama.attention.head_count", width / HeadSize);
        file.Add("llama.attention.head_count_kv", KeyValueHeads);
        file.Add("llama.attention.layer_norm_rms_epsilon", 1e-6f);
        file.Add("tokenizer.ggml.model", "none");
        file.Add("token_embd.weight", width, student.VocabularySize, type); // the head, too
        file.Add("output_norm.weight", width, 1, GgufType.Float32);
        for (var layer = 0; layer < Layers; layer++)
        {
            void Matrix(string name, long columns, long rows) => file.Add($"blk.{layer}.{name}.weight", columns, rows, type);
            file.Add($"blk.{layer}.attn_norm.weight", width, 1, GgufType.Float32);
            Matrix("attn_q", width, width);
            Matrix("attn_k", width, shared);
            Matrix("attn_v", width, shared);
            Matrix("attn_output", width, width);
            file.Add($"blk.{layer}.ffn_norm.weight", width, 1, GgufType.Float32);
            Matrix("ffn_gate", width, inner);
            Matrix("ffn_up", width, inner);
            Matrix("ffn_down", inner, width);
        }

        return file;
    }
}
