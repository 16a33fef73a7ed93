using System.CommandLine;
using System.Text.Json;
using Distil.Core;
using Distil.Core.Artifacts;
using Distil.Core.Documents.Evaluations;
using Distil.Core.Errors;
using Distil.Core.Models;
using Distil.Core.Sources;
using Distil.Core.Specification;
using Distil.Core.Tokenization;
using Distil.Trainer.Evaluation;
using Distil.Trainer.Models;
using Distil.Trainer.Models.Transformers;
using Distil.Trainer.Torch;

namespace Distil.Trainer.Commands;

/// <summary><c>evaluate</c>: measures a model's perplexity on a file, tasks and recall; with a teacher also KL, agreement and the share of its
/// scores.</summary>
internal static class EvaluateCommand
{
    private const int DefaultContext = 512;

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
        var context = new Option<int?>("--context") { Description = $"Tokens in a row. Default: {DefaultContext}, or less if a model's context is shorter." };
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
            var result = Run(
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

    /// <summary>Evaluates a model.</summary>
    /// <param name="input">What to measure.</param>
    /// <param name="notes">Receives a line if documents were passed over.</param>
    /// <param name="cancel">Cancels the call.</param>
    /// <exception cref="InvalidInputException">A model, the tokenizer or the data cannot be used, or they do not fit together.</exception>
    internal static EvaluationResult Run(EvaluateInput input, TextWriter notes, CancellationToken cancel)
    {
        RequireAtLeast(2, input.Context ?? DefaultContext, "--context");
        RequireAtLeast(1, input.MaxRows, "--max-rows");
        RequireAtLeast(0, input.Shots, "--shots");
        RequireAtLeast(1, input.MaxQuestions ?? 1, "--max-questions");
        RequireAtLeast(8, input.Recall.DefaultIfEmpty(8).Min(), "--recall");
        var device = TorchDevice.Of(input.Device);
        using var model = LanguageModelLoader.Load(input.Model, device);
        using var teacher = input.Teacher is null ? null : LanguageModelLoader.Load(input.Teacher, device);
        ModelFolder.Warn(model.Reading);
        ModelFolder.Warn(teacher?.Reading);
        var context = input.Context ?? new[] { DefaultContext, MaxContext(model), MaxContext(teacher) }.Min();
        foreach (var transformer in new[] { model, teacher }.OfType<TransformerModel>())
        {
            transformer.RequireContext(context, "--context");
            transformer.RequireContext(input.Recall.DefaultIfEmpty(0).Max(), "--recall");
        }

        var path = input.Tokenizer ?? input.Model;
        var tokenizer = new Lazy<HuggingFaceTokenizer>(() =>
        {
            var loaded = HuggingFaceTokenizer.Load(path);
            VocabularyCheck.RequireFits(path, loaded.VocabularySize, input.Model, model.VocabularySize);
            return loaded;
        });
        var passedOver = new DocumentCounts();
        IReadOnlyList<EvaluationRow> rows;
        if (input.Chat is { } chat)
        {
            chat = input.IsolateDocuments ? chat with { Packing = ChatPacking.None } : chat;
            var chats = new ChatRows(tokenizer.Value, File.Exists(path) ? Path.GetDirectoryName(Path.GetFullPath(path))! : path, chat, context);
            (rows, passedOver) = (chats.Read(input.Data, input.MaxRows, cancel), chats.PassedOver);
        }
        else
        {
            rows =
            [
                .. EvaluationRows.Of(input.Data, tokenizer, model.VocabularySize, context, document => passedOver = document.CountFault(passedOver),
                        input.IsolateDocuments)
                    .Take(input.MaxRows).Select(row => new EvaluationRow(row)),
            ];
        }

        if (passedOver.PassedOver > 0)
        {
            notes.WriteLine($"{input.Data}: documents passed over: {passedOver.DescribePassedOver()}");
        }

        var text = HuggingFaceTokenizer.IsIn(path) ? new TokenText(tokenizer.Value) : null;
        var result = new Evaluator(new EvaluationOptions(), text).Evaluate(model, teacher, rows, cancel: cancel);
        if (input.Tasks.Count == 0 && input.Recall.Count == 0)
        {
            return result;
        }

        var suite = new EvaluationSuite
        {
            Spec = input.Suite,
            Seed = 1,
            ContextLength = context,
            Tokenizer = tokenizer.Value,
            Longest = new[] { MaxContext(model), MaxContext(teacher) }.Min(),
        };
        return suite.Extend(result, [.. rows.Select(row => row.Ids)], model, teacher, cancel: cancel);
    }

    private static int MaxContext(ILanguageModel? model) => model is TransformerModel transformer ? transformer.Config.MaxPositions : int.MaxValue;

    private static void RequireAtLeast(int least, int value, string option)
    {
        if (value < least)
        {
            throw new InvalidInputException($"{option} is {value}; expected {least} or more");
        }
    }
}
