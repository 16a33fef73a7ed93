using Distil.Core.Specification;
using Distil.Onnx;
using Microsoft.ML.OnnxRuntime;

namespace Distil.Bench.Peers;

/// <summary>ONNX Runtime with the model that <c>distil export --to onnx</c> writes of the same student; a step's state is handed to the next without a copy.</summary>
internal sealed class OnnxPeer : IPeer
{
    private const string Past = "past.", Present = "present.";

    private readonly string _folder = Directory.CreateTempSubdirectory("distil-onnx-").FullName;
    private readonly InferenceSession _session;
    private readonly RunOptions _run = new();
    private readonly long[] _token = [0];
    private readonly OrtValue _ids;
    private readonly OrtValue _kept;
    private readonly string[] _inputs;
    private readonly string[] _outputs;
    private readonly int _vocabulary;
    private OrtValue[] _state;

    internal OnnxPeer(string student, int vocabulary, WeightForm form, int threads, long bytes)
    {
        (Name, Bytes, _vocabulary) = ($"ONNX Runtime, {form.Word}", bytes, vocabulary);
        OnnxStudent.Write(student, form, _folder);
        using var options = new SessionOptions { IntraOpNumThreads = threads, InterOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        _session = new(Path.Combine(_folder, OnnxStudent.FileName), options);
        string[] parts = [.. _session.InputMetadata.Keys.Where(name => name.StartsWith(Past, StringComparison.Ordinal)).Select(name => name[Past.Length..])];
        _inputs = ["input_ids", "logits_to_keep", .. parts.Select(part => Past + part)];
        _outputs = ["logits", .. parts.Select(part => Present + part)];
        (_ids, _kept) = (OrtValue.CreateTensorValueFromMemory(_token, [1, 1]), OrtValue.CreateTensorValueFromMemory(new long[] { 1 }, [1]));
        _state = [.. parts.Select(part => Zeros(_session.InputMetadata[Past + part]))];
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public long Bytes { get; }

    /// <inheritdoc/>
    public void Step(int token)
    {
        _token[0] = token % _vocabulary;
        var results = _session.Run(_run, _inputs, [_ids, _kept, .. _state], _outputs);
        Release(_state);
        _state = [.. results.Skip(1)];
        results[0].Dispose();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Release(_state);
        _ids.Dispose();
        _kept.Dispose();
        _run.Dispose();
        _session.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static OrtValue Zeros(NodeMetadata input)
    {
        long[] shape = [.. input.Dimensions.Select(size => Math.Max(size, 1))];
        return OrtValue.CreateTensorValueFromMemory(new float[shape.Aggregate(1L, (product, size) => product * size)], shape);
    }

    private static void Release(OrtValue[] state)
    {
        foreach (var part in state)
        {
            part.Dispose();
        }
    }
}
