using System.Text.Json;
using System.Text.Unicode;
using Distil.Core.Errors;
using Distil.Core.Sources;
using Distil.Core.Specification;

namespace Distil.Core.Tasks;

/// <summary>A JSONL file of multiple-choice questions.</summary>
internal static class QuestionFile
{
    /// <summary>Reads all of them; empty lines are passed over.</summary>
    /// <param name="path">The file.</param>
    /// <param name="format">The form of a line.</param>
    /// <param name="field">Its place in a specification, for errors.</param>
    /// <exception cref="InvalidInputException">The file cannot be read, or a line is malformed (the message names it).</exception>
    internal static IReadOnlyList<TaskQuestion> Read(string path, TaskFormat format, FieldPath field)
    {
        try
        {
            SourceName.RequireFits(path, DatasetFormat.Jsonl, field);
            var bytes = ReadBytes(path);
            FileContent.RequireStored(path, bytes.Span, DatasetFormat.Jsonl);
            FileContent.RequireText(path, bytes.Span[..Math.Min(bytes.Length, FileContent.HeadBytes)], DatasetFormat.Jsonl);
            return Lines(bytes, path, format);
        }
        catch (InvalidInputException wrong)
        {
            throw wrong.At(field);
        }
    }

    private static ReadOnlyMemory<byte> ReadBytes(string path)
    {
        try
        {
            InputFile.RequireRegular(path);
            ReadOnlyMemory<byte> bytes = File.ReadAllBytes(path);
            return bytes.Span.StartsWith("\uFEFF"u8) ? bytes[3..] : bytes;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new InvalidInputException($"{path}: does not exist; expected a JSONL file of questions", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException($"{path}: cannot be read: {e.Message}; expected a JSONL file of questions", e);
        }
    }

    private static List<TaskQuestion> Lines(ReadOnlyMemory<byte> bytes, string path, TaskFormat format)
    {
        var questions = new List<TaskQuestion>();
        for (var number = 1; !bytes.IsEmpty; number++)
        {
            var end = bytes.Span.IndexOf((byte)'\n');
            var line = end < 0 ? bytes : bytes[..end];
            bytes = end < 0 ? default : bytes[(end + 1)..];
            if (!line.Span.Trim(" \t\r"u8).IsEmpty)
            {
                questions.Add(ReadLine(line, format, $"{path}:{number}"));
            }
        }

        return questions;
    }

    private static TaskQuestion ReadLine(ReadOnlyMemory<byte> line, TaskFormat format, string place)
    {
        if (!Utf8.IsValid(line.Span))
        {
            throw new InvalidInputException($"{place}: is not UTF-8");
        }

        try
        {
            using var json = JsonLine.Parse(line);
            var fields = new QuestionFields(json.RootElement, place);
            var question = QuestionFormats.Read(fields, format);
            if (question.Choices.Count < 2 || question.Choices.Any(string.IsNullOrWhiteSpace))
            {
                throw fields.Wrong("choices", "two or more, none of them empty");
            }

            return question.Answer >= 0 && question.Answer < question.Choices.Count
                ? question
                : throw fields.Wrong("the answer", $"one of the {question.Choices.Count} choices");
        }
        catch (JsonException wrong)
        {
            throw new InvalidInputException($"{place}: is not JSON: {wrong.Message}", wrong);
        }
        catch (InvalidOperationException wrong)
        {
            throw new InvalidInputException($"{place}: {JsonLine.HalfPair}", wrong);
        }
    }
}
