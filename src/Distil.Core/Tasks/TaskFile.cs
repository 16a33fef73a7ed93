using System.Text.Json;
using Distil.Core.Errors;
using Distil.Core.Specification;

namespace Distil.Core.Tasks;

/// <summary>Reads the questions of a multiple-choice task from JSONL and builds prompts as lm-evaluation-harness does.</summary>
public static class TaskFile
{
    /// <summary>Reads a whole task and puts its examples before each question.</summary>
    /// <param name="task">The task.</param>
    /// <param name="field">Its place in a specification, for errors; null if it is in none.</param>
    /// <exception cref="InvalidInputException">A file is missing, a line is malformed (the message names it) or there are too few questions.</exception>
    public static IReadOnlyList<TaskQuestion> Read(TaskSpec task, FieldPath? field = null)
    {
        var at = field ?? FieldPath.Named("task");
        var questions = ReadFile(task.Path, task.Format, at.Field("path"));
        if (questions.Count == 0)
        {
            throw new InvalidInputException($"{task.Path}: has no question; expected a JSON object a line").At(at.Field("path"));
        }

        var examples = task.ShotsPath is { } path ? ReadFile(path, task.Format, at.Field("shotsPath")) : questions;
        var enough = task.Shots + (task.ShotsPath is null && task.Shots > 0 ? 1 : 0);
        if (examples.Count < enough)
        {
            throw new InvalidInputException($"{task.ShotsPath ?? task.Path}: has {examples.Count} questions; {task.Shots} shots need {enough}")
                .At(at.Field("shots"));
        }

        return [.. questions.Take(task.MaxQuestions ?? int.MaxValue).Select((question, i) => question with
        {
            Context = string.Concat(Examples(examples, task, i).Select(example => example.AsExample)) + question.Context,
        })];
    }

    // The first ones of the file are used, which needs no seed; the question itself is never an example.
    private static IEnumerable<TaskQuestion> Examples(IReadOnlyList<TaskQuestion> examples, TaskSpec task, int question) =>
        examples.Where((_, i) => task.ShotsPath is not null || i != question).Take(task.Shots);

    private static IReadOnlyList<TaskQuestion> ReadFile(string path, TaskFormat format, FieldPath field)
    {
        try
        {
            var lines = File.Exists(path)
                ? File.ReadLines(path)
                : throw new InvalidInputException($"{path}: does not exist; expected a JSONL file of questions");
            return [.. from line in lines.Index() where !string.IsNullOrWhiteSpace(line.Item) select ReadLine(line.Item, format, $"{path}:{line.Index + 1}")];
        }
        catch (InvalidInputException wrong)
        {
            throw wrong.At(field);
        }
    }

    private static TaskQuestion ReadLine(string line, TaskFormat format, string place)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
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
    }
}
