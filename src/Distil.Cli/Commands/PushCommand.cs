using System.CommandLine;
using Distil.Core.Errors;
using Distil.Core.Http;
using Distil.Core.Hub;
using Microsoft.Extensions.Logging;

namespace Distil.Cli.Commands;

/// <summary><c>distil push</c>: uploads a student's folder to the Hugging Face hub, as one commit.</summary>
internal static class PushCommand
{
    private const string Argument = "repository";

    internal static Command Create(CommandContext context)
    {
        var student = StudentArgument.Create("A student's folder, or one that export wrote");
        var repository = new Argument<string>(Argument) { Description = "The model in the hub: hf://owner/name, or hf://owner/name@branch. Created if it does not exist." };
        var isPrivate = new Option<bool>("--private") { Description = "Make a new repository visible only to its owner." };
        var message = new Option<string>("--message") { Description = "The commit's message.", DefaultValueFactory = _ => "Upload a student of Distil" };
        var command = new Command("push", "Upload a student to the Hugging Face hub; HF_TOKEN is the token, HF_ENDPOINT the hub.")
        {
            student, repository, isPrivate, message,
        };
        command.SetAction(async (parsed, cancel) =>
        {
            var to = RepositoryOf(parsed.GetRequiredValue(repository));
            var upload = new HubUpload(HubOptions.From(context.Settings.Sources.Hub), TimeProvider.System, context.Log);
            var folder = await StudentArgument.FolderAsync(context, parsed.GetRequiredValue(student), cancel);
            RequireModel(folder);
            var commit = await upload.RunAsync(
                to, folder, parsed.GetValue(isPrivate), parsed.GetRequiredValue(message), new FileProgress(context.Log), cancel);
            Console.WriteLine($"{to with { Revision = commit }}");
            return ExitCode.Success;
        });
        return command;
    }

    private static HubPath RepositoryOf(string text)
    {
        var path = HubPath.Parse(text, HubKind.Model, FieldPath.Parse(Argument));
        return path is { Kind: HubKind.Model, Path: "", IsPinned: false }
            ? path
            : throw new InvalidInputException(FieldPath.Parse(Argument), $"{text} is not a model's repository; expected hf://owner/name or hf://owner/name@branch");
    }

    // Whatever else is in a folder would become public with it.
    private static void RequireModel(string folder)
    {
        if (!File.Exists(Path.Combine(folder, "config.json")) && !File.Exists(Path.Combine(folder, Onnx.OnnxStudent.FileName)))
        {
            throw new InvalidInputException(
                $"{folder}: has neither config.json nor {Onnx.OnnxStudent.FileName}; expected a student's folder, or one that distil export wrote");
        }
    }

    /// <summary>Logs each large file that has arrived.</summary>
    private sealed class FileProgress(ILogger log) : IProgress<TransferProgress>
    {
        public void Report(TransferProgress value) => log.FileArrived(value.Name, value.Total);
    }
}
