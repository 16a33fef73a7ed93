using System.CommandLine;
using System.Text.Json;
using Distil.Core;
using Distil.Core.Errors;
using Distil.Core.Tasks;
using Distil.Trainer.Stories;

namespace Distil.Trainer.Commands;

/// <summary><c>stories</c>: writes the sample corpus, one story per line, or the sample tasks, one question per line.</summary>
internal static class StoriesCommand
{
    private const int Stories = 2000;
    private const int Questions = 80;

    internal static Command Create()
    {
        var count = new Option<int?>("--count") { Description = $"Stories to write ({Stories}), or questions of each task ({Questions})." };
        var first = new Option<int>("--first") { Description = "Number of the first story." };
        var seed = new Option<int>("--seed") { Description = "Determines every story.", DefaultValueFactory = _ => 1 };
        var output = new Option<FileInfo?>("--output") { Description = "The text file to write." };
        var tasks = new Option<DirectoryInfo?>("--tasks") { Description = "Write multiple-choice tasks into this folder instead, one JSONL file each." };
        var command = new Command("stories", "Write a corpus of simple English stories, one per line, or tasks about them.")
        {
            count, first, seed, output, tasks,
        };
        command.SetAction(parsed =>
        {
            var (start, decides) = (parsed.GetValue(first), parsed.GetValue(seed));
            switch (parsed.GetValue(output), parsed.GetValue(tasks))
            {
                case ({ } file, null):
                    AtomicFile.WriteLines(file.FullName, Enumerable.Range(start, parsed.GetValue(count) ?? Stories).Select(new StoryGenerator(decides).Story));
                    return 0;
                case (null, { } folder):
                    foreach (var slot in StoryQuestions.Slots)
                    {
                        var questions = new StoryQuestions(decides).About(slot, start).Take(parsed.GetValue(count) ?? Questions);
                        AtomicFile.WriteLines(Path.Combine(folder.FullName, $"{slot}.jsonl"), questions.Select(Line));
                    }

                    return 0;
                default:
                    throw new InvalidInputException("stories: expected either --output FILE or --tasks FOLDER");
            }
        });
        return command;
    }

    private static string Line(TaskQuestion question) =>
        JsonSerializer.Serialize(new { question = question.Context, question.Choices, question.Answer }, DistilJson.Options);
}
