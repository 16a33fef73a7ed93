using Distil.Core.Errors;
using Distil.Core.Specification;

namespace Distil.Core.Tasks;

/// <summary>Reads a multiple-choice task and builds its prompts as lm-evaluation-harness does.</summary>
public static class TaskFile
{
    /// <summary>Reads a whole task and puts its examples before each question.</summary>
    /// <param name="task">The task.</param>
    /// <param name="field">Its place in a specification, for errors; null if it is in none.</param>
    /// <exception cref="InvalidInputException">A file is missing, a line is malformed (the message names it) or there are too few questions.</exception>
    public static IReadOnlyList<TaskQuestion> Read(TaskSpec task, FieldPath? field = null)
    {
        var at = field ?? FieldPath.Named("task");
        var questions = QuestionFile.Read(task.Path, task.Format, at.Field("path"));
        if (questions.Count == 0)
        {
            throw new InvalidInputException($"{task.Path}: has no question; expected a JSON object a line").At(at.Field("path"));
        }

        var examples = task.ShotsPath is { } path ? QuestionFile.Read(path, task.Format, at.Field("shotsPath")) : questions;
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
}
