using Distil.Core;
using Distil.Core.Documents.Evaluations;
using Distil.Core.Errors;
using Distil.Core.Specification;
using Distil.Core.Tokenization;
using Distil.Inference.Engines;

namespace Distil.Onnx.Exports;

/// <summary>Measures what forms cost on a text: the student with its own weights, and with those that a form leaves, read the same rows, each from an empty
/// state.</summary>
/// <param name="student">The student's folder, with its tokenizer.</param>
/// <param name="text">A file of text in UTF-8.</param>
/// <param name="maxTokens">Number of tokens that are read at most, ≥ 2.</param>
/// <param name="rowLength">Tokens in a row, ≥ 2.</param>
/// <param name="cancel">Ends the reading of the text.</param>
public sealed class QualityMeasure(string student, string text, int maxTokens, int rowLength, CancellationToken cancel)
{
    private readonly int[] _tokens = Read(student, text, maxTokens, cancel);

    /// <summary>Measures one form.</summary>
    /// <param name="form">The form.</param>
    /// <param name="output">A folder in which the rounded weights are written in float32, and deleted again.</param>
    /// <param name="cancel">Ends the measurement.</param>
    /// <exception cref="InvalidInputException">The student cannot be used.</exception>
    public FormQuality Measure(WeightForm form, string output, CancellationToken cancel)
    {
        using var folder = new NewFolder(Path.Combine(output, form.Word));
        RoundedStudent.Write(student, form, folder.Path);
        using var exact = StudentEngine.Open(student);
        using var rounded = StudentEngine.Open(folder.Path);
        var sums = new QualitySums();
        foreach (var row in _tokens.Chunk(Math.Min(rowLength, exact.MaxPositions ?? rowLength)))
        {
            sums.NextRow();
            Read(exact, rounded, row, sums, cancel);
        }

        return sums.ToQuality(form, Path.GetFileName(text));
    }

    private static void Read(StudentEngine exact, StudentEngine rounded, int[] row, QualitySums sums, CancellationToken cancel)
    {
        using var exactState = exact.NewState();
        using var roundedState = rounded.NewState();
        for (var from = 0; from < row.Length - 1; from += exact.MaxRows)
        {
            cancel.ThrowIfCancellationRequested();
            var piece = row[from..Math.Min(from + exact.MaxRows, row.Length - 1)];
            exact.Run([.. piece.Select(token => new StudentInput(exactState, token, true))]);
            rounded.Run([.. piece.Select(token => new StudentInput(roundedState, token, true))]);
            for (var i = 0; i < piece.Length; i++)
            {
                sums.Add(exact.Logits(i), rounded.Logits(i), row[from + i + 1]);
            }
        }
    }

    private static int[] Read(string student, string text, int maxTokens, CancellationToken cancel)
    {
        if (!File.Exists(text))
        {
            throw new InvalidInputException($"--evaluate: {text}: no such file");
        }

        var tokenizer = HuggingFaceTokenizer.Load(student);
        int[] tokens = [.. tokenizer.EncodePrompt(File.ReadAllText(text), cancel).Take(maxTokens)];
        return tokens.Length > 1 ? tokens : throw new InvalidInputException($"--evaluate: {text} has {tokens.Length} tokens; expected 2 or more");
    }
}
