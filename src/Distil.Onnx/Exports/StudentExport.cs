using Distil.Core;
using Distil.Core.Documents.Evaluations;
using Distil.Core.Errors;
using Distil.Core.Sources;
using Distil.Core.Specification;
using Distil.Inference.Engines;

namespace Distil.Onnx.Exports;

/// <summary>Writes a student for other programs: one folder for each target and form, which appears complete or not at all.</summary>
/// <param name="student">The student's folder.</param>
/// <param name="output">The folder in which the others are made; created if it is missing.</param>
/// <param name="parts">What is written.</param>
public sealed class StudentExport(string student, string output, IReadOnlyList<ExportPart> parts)
{
    private const string Card = "README.md";

    /// <summary>Space for the card, the config, and what aligns weights in ONNX's files.</summary>
    private const long Reserve = 2 << 20;

    /// <summary>Refuses what cannot be written, before anything is.</summary>
    /// <param name="freeBytes">Free bytes of a folder's file system.</param>
    /// <param name="isMeasured">Whether the forms' quality is measured, for which a copy in float32 lies in the folder meanwhile.</param>
    /// <exception cref="InvalidInputException">The folder is not a student's, or something in it is missing or does not fit; a folder exists already; or the
    /// disk has too little space.</exception>
    public void Check(Func<string, long> freeBytes, bool isMeasured)
    {
        if (!Directory.Exists(student))
        {
            throw new InvalidInputException($"{student}: no such folder");
        }

        if (!StudentEngine.Runs(student))
        {
            throw new InvalidInputException($"{student}: its config.json is not that of a student; expected a folder that a run or an export wrote");
        }

        if (File.Exists(output))
        {
            throw new InvalidInputException($"--output is {output}, a file; expected a folder");
        }

        foreach (var folder in parts.Select(PathOf).Where(path => Directory.Exists(path) || File.Exists(path)))
        {
            throw new InvalidInputException($"{folder} exists already; delete it, or name another folder with --output");
        }

        var texts = ModelFiles.TextFiles.Append(Card).Select(name => new FileInfo(Path.Combine(student, name))).Sum(file => file.Exists ? file.Length : 0);
        var needed = parts.Sum(part => BytesOf(part) + texts) + (isMeasured ? HuggingFaceFolder.Measure(student, WeightForm.Fp32) : 0) + Reserve;
        if (freeBytes(output) is var free && free < needed)
        {
            throw new InvalidInputException(
                $"the disk of {output} has {free:N0} bytes free, and {needed:N0} are needed; free some, or name another folder with --output");
        }
    }

    /// <summary>Writes one part.</summary>
    /// <param name="part">One of the parts.</param>
    /// <param name="quality">What the form costs, for the folder's card; null if it was not measured.</param>
    /// <returns>The folder, and the bytes of its files.</returns>
    /// <exception cref="InvalidInputException">As for <see cref="Check"/>.</exception>
    public (string Folder, long Bytes) Write(ExportPart part, FormQuality? quality)
    {
        using var folder = new NewFolder(PathOf(part));
        if (part.Target == ExportTarget.Hf)
        {
            HuggingFaceFolder.Write(student, part.Form, folder.Path);
        }
        else
        {
            OnnxStudent.Write(student, part.Form, folder.Path, isPacked: part.Target == ExportTarget.Genai);
        }

        if (part.Target == ExportTarget.Genai)
        {
            GenAiConfig.Write(student, folder.Path);
        }

        foreach (var name in ModelFiles.TextFiles.Where(name => File.Exists(Path.Combine(student, name))))
        {
            File.Copy(Path.Combine(student, name), Path.Combine(folder.Path, name));
        }

        var card = Path.Combine(student, Card);
        AtomicFile.WriteText(Path.Combine(folder.Path, Card), ExportCard.Of(part, File.Exists(card) ? File.ReadAllText(card) : null, quality));
        var bytes = new DirectoryInfo(folder.Path).EnumerateFiles().Sum(file => file.Length);
        folder.Complete();
        return (PathOf(part), bytes);
    }

    private string PathOf(ExportPart part) => Path.Combine(output, part.Name);

    private long BytesOf(ExportPart part) =>
        part.Target == ExportTarget.Hf
            ? HuggingFaceFolder.Measure(student, part.Form)
            : OnnxStudent.Measure(student, part.Form, isPacked: part.Target == ExportTarget.Genai);
}
