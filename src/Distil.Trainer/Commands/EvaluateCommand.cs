using System.CommandLine;
using System.Text.Json;
using Distil.Core;
using Distil.Core.Sources;
using Distil.Core.Specification;

namespace Distil.Trainer.Commands;

/// <summary><c>evaluate</c>: measures a model's perplexity on a file, tasks and recall; with a teacher also KL, agreement and the share of its
/// scores.</summary>
internal static class EvaluateCommand
{
    internal static Command Create(SourceCatalog catalog)
    {
        var model = new Option<string>("--model")
        {
            Required = true,
            Description = "Model to evaluate, a student or any teacher: a folder, or hf://owner/name[@revision].",
        };
        var teacher = new Option<string?>("--teacher")
        {
            Description = "Model to compare with, of the same vocabulary: a folder, or hf://owner/name[@revision].",
        };
        var data = new Option<string>("--data")
        {
            Required = true,
            Description = "JSONL ({\"text\"} or {\"ids\"} a line, with --chat conversations), Parquet, or text with one document per line; also .gz or .zst.",
        };
        var tokenizer = new Option<string?>("--tokenizer") { Description = "tokenizer.json, its folder, or a model's hf:// path. Default: the model's." };
        var context = new Option<int?>("--context") { Description = $"Tokens in a row. Default: {ModelEvaluation.DefaultContext}, or less if a model's context is shorter." };
        var maxRows = new Option<int>("--max-rows") { Description = "Maximum number of rows to read.", DefaultValueFactory = _ => 512 };
        var tasks = new Option<string[]>("--task")
        {
            Description = "JSONL file of multiple-choice questions (also HellaSwag's, ARC's or PIQA's fields). May be repeated.",
            AllowMultipleArgumentsPerToken = true,
        };
        var shots = new Option<int>("--shots") { Description = "Number of answered example questions before each question of a task." };
        var maxQuestions = new Option<int?>("--max-questions")
        {
            Description = "Maximum number of questions of a task; the first ones are used. Default: all.",
        };
        var recall = new Option<int[]>("--recall")
        {
            Description = "Lengths in tokens at which recall and copying of random tokens are measured. May be repeated.",
            AllowMultipleArgumentsPerToken = true,
        };
        var isolate = new Option<bool>("--isolate-documents") { Description = "Read the documents of a row apart from each other: each is then a row." };
        var chat = new ChatArguments();
        var device = new Option<ComputeDevice>("--device") { Description = "auto (CUDA if available), cpu or cuda." };
        var json = new Option<bool>("--json") { Description = "Print one JSON object." };
        var command = new Command("evaluate", "Measure a model's perplexity on a file, and its distance to a teacher.")
        {
            model, teacher, data, tokenizer, context, maxRows, tasks, shots, maxQuestions, recall, isolate, device, json,
        };
        chat.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            var folder = await ModelFolder.FetchAsync(parsed.GetRequiredValue(model), "--model", catalog, cancel);
            var beside = parsed.GetValue(teacher) is { } path ? await ModelFolder.FetchAsync(path, "--teacher", catalog, cancel) : null;
            var vocabulary = parsed.GetValue(tokenizer) is { } named
                ? await ModelFolder.FetchAsync(named, "--tokenizer", catalog, cancel, withWeights: false)
                : null;
            var result = ModelEvaluation.Run(
                new EvaluateInput(folder, beside, parsed.GetRequiredValue(data), vocabulary)
                {
                    Context = parsed.GetValue(context),
                    MaxRows = parsed.GetValue(maxRows),
                    Tasks = parsed.GetValue(tasks) ?? [],
                    Shots = parsed.GetValue(shots),
                    MaxQuestions = parsed.GetValue(maxQuestions),
                    Recall = parsed.GetValue(recall) ?? [],
                    Device = parsed.GetValue(device),
                    IsolateDocuments = parsed.GetValue(isolate),
                    Chat = chat.Of(parsed),
                },
                parsed.InvocationConfiguration.Error,
                cancel);
            parsed.InvocationConfiguration.Output.WriteLine(
                parsed.GetValue(json) ? JsonSerializer.Serialize(result, DistilJson.Options) : EvaluationText.Of(result));
        });
        return command;
    }
}
