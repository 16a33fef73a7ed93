using System.CommandLine;
using System.Diagnostics;
using Distil.Core.Errors;

namespace Distil.Cli.Commands;

/// <summary>The commands of the trainer program: they are passed on with their arguments and this terminal.</summary>
internal static class TrainerCommands
{
    private const string RunOption = "--run";

    private static readonly (string Name, string Description)[] Names =
    [
        ("generate", "Continue a text with a model: of a folder (--model), or of a run (--run ID)."),
        ("chat", "Chat with a student: of a folder (--model), or of a run (--run ID)."),
        ("evaluate", "Perplexity of a model; KL and agreement with a teacher."),
        ("forward", "Logits and hidden states of given input_ids, as safetensors."),
        ("tokenize", "Texts to ids and back, as JSON lines."),
        ("pretrain", "Train a small Transformer teacher on text."),
        ("train-tokenizer", "Make a tokenizer.json from text."),
        ("stories", "Write a corpus of simple stories."),
        ("bench", "Measure speed and memory."),
    ];

    internal static IEnumerable<Command> CreateAll() => Names.Select(each => new Command(each.Name, each.Description));

    /// <summary>Whether the arguments are for the trainer, and are passed on unchanged.</summary>
    internal static bool Owns(string[] arguments) => arguments.Length > 0 && Names.Any(each => each.Name == arguments[0]);

    internal static async Task<int> RunAsync(CommandContext context, string[] arguments)
    {
        using var process = Process.Start(context.Trainer.Command(await WithModelAsync(context, arguments)))!;
        // Ctrl+C reaches the trainer too; the trainer ends by itself, and its exit code becomes ours.
        Console.CancelKeyPress += (_, interrupt) => interrupt.Cancel = true;
        await process.WaitForExitAsync();
        return process.ExitCode;
    }

    // The trainer reads folders and knows no runs: --run NAME becomes --model with a copy of the run's model on this machine.
    private static async Task<string[]> WithModelAsync(CommandContext context, string[] arguments)
    {
        var at = Array.IndexOf(arguments, RunOption);
        if (at < 0)
        {
            return arguments;
        }

        if (at + 1 == arguments.Length)
        {
            throw new InvalidInputException($"{RunOption} has no value; expected a run's id, or latest");
        }

        var model = await StudentArgument.OfRunAsync(context, arguments[at + 1], CancellationToken.None);
        return [.. arguments[..at], "--model", model, .. arguments[(at + 2)..]];
    }
}
