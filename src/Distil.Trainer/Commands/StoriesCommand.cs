using System.CommandLine;
using System.Text;
using Distil.Trainer.Stories;

namespace Distil.Trainer.Commands;

/// <summary><c>stories</c>: writes the sample corpus, a story a line.</summary>
internal static class StoriesCommand
{
    internal static Command Create()
    {
        var count = new Option<int>("--count") { Description = "Stories to write.", DefaultValueFactory = _ => 2000 };
        var first = new Option<int>("--first") { Description = "Number of the first story." };
        var seed = new Option<int>("--seed") { Description = "Decides every story.", DefaultValueFactory = _ => 1 };
        var output = new Option<FileInfo>("--output") { Description = "The text file to write.", Required = true };
        var command = new Command("stories", "Write a corpus of simple English stories, one a line.") { count, first, seed, output };
        command.SetAction(arguments =>
        {
            var generator = new StoryGenerator(arguments.GetValue(seed));
            var start = arguments.GetValue(first);
            var path = arguments.GetRequiredValue(output).FullName;
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllLines(path + ".partial", Enumerable.Range(start, arguments.GetValue(count)).Select(generator.Story), new UTF8Encoding(false));
            File.Move(path + ".partial", path, overwrite: true);
            return 0;
        });
        return command;
    }
}
