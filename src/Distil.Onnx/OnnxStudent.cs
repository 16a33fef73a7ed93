using Distil.Core;
using Distil.Core.Errors;
using Distil.Core.Specification;
using Distil.Onnx.Students;
using Distil.Onnx.Writing;

namespace Distil.Onnx;

/// <summary>Writes a student of either kind as an ONNX model, for ONNX Runtime on any machine and in a browser.</summary>
/// <remarks>Inputs: <c>input_ids</c> (B, T), int64; <c>past.…</c>, the state, zeros at the start of a text; <c>logits_to_keep</c> (1), int64: of how many
/// last positions logits are wanted, 0 for all. Outputs: <c>logits</c> (B, kept, V) and <c>present.…</c>, the next call's <c>past.…</c>. A call of n
/// tokens equals n calls of one; it takes memory for n² numbers a head, so a caller gives long texts in pieces of at most some 256 tokens.</remarks>
public static class OnnxStudent
{
    /// <summary>Name of the model's file; the weights are in files beside it whose names begin with it.</summary>
    public const string FileName = "model.onnx";

    /// <summary>Largest file of weights by default: a browser reads none of 2 GB or more.</summary>
    public const long DefaultFileBytes = 1_900_000_000;

    /// <summary>Writes the model and its weights into a folder, the model last.</summary>
    /// <param name="student">The student's folder.</param>
    /// <param name="form">How large matrices are stored.</param>
    /// <param name="folder">An existing folder without such files.</param>
    /// <param name="fileBytes">Largest file of weights; a single weight may be larger.</param>
    /// <param name="isPacked">Whether the state is one tensor and logits are the last position's, for ONNX Runtime GenAI.</param>
    /// <exception cref="InvalidInputException">The folder is not a student's, or a file, field or tensor of it is missing or does not fit.</exception>
    public static void Write(string student, WeightForm form, string folder, long fileBytes = DefaultFileBytes, bool isPacked = false)
    {
        using var data = new ExternalData(folder, $"{FileName}.data", fileBytes);
        using var opened = OpenedStudent.Open(student);
        var bytes = ModelWriter.ToBytes(opened.Build(data, form, isPacked).Graph, new Dictionary<string, string> { ["weights"] = form.Word });
        AtomicFile.Write(Path.Combine(folder, FileName), temporary => File.WriteAllBytes(temporary, bytes));
    }

    /// <summary>Checks the student, and returns the bytes that <see cref="Write"/> would write, without those that align weights: fewer than 4 kB a weight.</summary>
    /// <inheritdoc cref="Write"/>
    public static long Measure(string student, WeightForm form, bool isPacked = false)
    {
        var data = new CountedData();
        using var opened = OpenedStudent.Open(student);
        return ModelWriter.ToBytes(opened.Build(data, form, isPacked).Graph, new Dictionary<string, string>()).Length + data.Bytes;
    }
}
