using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

/// <summary>Continues texts with a student that <c>distil export --to onnx</c> wrote; needs the package Microsoft.ML.OnnxRuntime only.</summary>
internal sealed class StudentText(string folder) : IDisposable
{
    private const int Piece = 256; // tokens of a prompt that are read at once: memory grows with their square

    private readonly InferenceSession _session = new(Path.Combine(folder, "model.onnx"));

    /// <summary>The most probable tokens after a prompt.</summary>
    public IEnumerable<int> Continue(IReadOnlyList<int> prompt)
    {
        var (state, tokens) = (Start(), prompt);
        while (true)
        {
            var next = 0;
            foreach (var piece in tokens.Chunk(Piece))
            {
                long[] ids = [.. piece];
                using var results = _session.Run(
                [
                    .. state, NamedOnnxValue.CreateFromTensor("input_ids", new DenseTensor<long>(ids, [1, ids.Length])),
                    NamedOnnxValue.CreateFromTensor("logits_to_keep", new DenseTensor<long>(new long[] { 1 }, [1])), // of the last position
                ]);
                var logits = results.First(result => result.Name == "logits").AsTensor<float>().ToArray();
                next = Array.IndexOf(logits, logits.Max());
                state = [.. results.Where(result => result.Name != "logits").Select(Next)];
            }

            yield return next;
            tokens = [next];
        }
    }

    public void Dispose() => _session.Dispose();

    private static NamedOnnxValue Next(NamedOnnxValue present) => present.Value is Tensor<long> position
        ? NamedOnnxValue.CreateFromTensor(present.Name.Replace("present.", "past."), position.Clone())
        : NamedOnnxValue.CreateFromTensor(present.Name.Replace("present.", "past."), present.AsTensor<float>().Clone());

    // A text begins with a state of zeros; layers that keep attention begin with no position.
    private NamedOnnxValue[] Start() => [.. _session.InputMetadata.Where(input => input.Key.StartsWith("past.")).Select(input =>
    {
        int[] shape = [.. input.Value.Dimensions.Zip(input.Value.SymbolicDimensions, (size, name) => name == "batch" ? 1 : Math.Max(size, 0))];
        return input.Value.ElementType == typeof(long)
            ? NamedOnnxValue.CreateFromTensor(input.Key, new DenseTensor<long>(shape))
            : NamedOnnxValue.CreateFromTensor(input.Key, new DenseTensor<float>(shape));
    })];
}
