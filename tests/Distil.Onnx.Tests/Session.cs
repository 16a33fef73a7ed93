using Microsoft.ML.OnnxRuntime;

namespace Distil.Onnx.Tests;

/// <summary>An exported student in ONNX Runtime, with the state of one batch of texts.</summary>
internal sealed class Session : IDisposable
{
    private const string Past = "past.", Present = "present.";

    private readonly InferenceSession _session;
    private readonly RunOptions _run = new();
    private readonly int _batch;
    private Dictionary<string, OrtValue> _state;

    internal Session(string folder, int batch = 1)
    {
        using var options = new SessionOptions { IntraOpNumThreads = 1, InterOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        (_session, _batch) = (new(Path.Combine(folder, OnnxStudent.FileName), options), batch);
        _state = NewState();
    }

    /// <summary>Begins other texts.</summary>
    internal void Restart()
    {
        Release(_state);
        _state = NewState();
    }

    /// <summary>Reads further tokens of every text.</summary>
    /// <param name="tokens">(B, T), row by row.</param>
    /// <param name="keep">Of how many last positions logits are returned, 0 for all.</param>
    /// <returns>(B, kept, V), row by row.</returns>
    internal float[] Read(IReadOnlyList<int> tokens, long keep = 1)
    {
        long[] shape = [_batch, tokens.Count / _batch];
        using var ids = OrtValue.CreateTensorValueFromMemory(tokens.Select(token => (long)token).ToArray(), shape);
        using var kept = OrtValue.CreateTensorValueFromMemory(new[] { keep }, [1]);
        var inputs = _state.ToDictionary(part => Past + part.Key, part => part.Value);
        (inputs["input_ids"], inputs["logits_to_keep"]) = (ids, kept);
        string[] outputs = ["logits", .. _state.Keys.Select(part => Present + part)];
        var results = _session.Run(_run, [.. inputs.Keys], [.. inputs.Values], outputs);
        Release(_state);
        _state = _state.Keys.Zip(results.Skip(1)).ToDictionary(part => part.First, part => part.Second);
        using var logits = results[0];
        return logits.GetTensorDataAsSpan<float>().ToArray();
    }

    public void Dispose()
    {
        Release(_state);
        _run.Dispose();
        _session.Dispose();
    }

    private static bool IsState(string input) => input.StartsWith(Past, StringComparison.Ordinal);

    private static void Release(Dictionary<string, OrtValue> state)
    {
        foreach (var part in state.Values)
        {
            part.Dispose();
        }
    }

    // Zeros: of one text for each sequence, and of no position for layers that keep attention.
    private Dictionary<string, OrtValue> NewState() => _session.InputMetadata.Where(input => IsState(input.Key)).ToDictionary(
        input => input.Key[Past.Length..],
        input =>
        {
            long[] shape = [.. input.Value.Dimensions.Zip(input.Value.SymbolicDimensions, (size, name) => name == "batch" ? _batch : Math.Max(size, 0))];
            var count = shape.Aggregate(1L, (product, size) => product * size);
            return input.Value.ElementDataType == Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Int64
                ? OrtValue.CreateTensorValueFromMemory(new long[count], shape)
                : OrtValue.CreateTensorValueFromMemory(new float[count], shape);
        });
}
