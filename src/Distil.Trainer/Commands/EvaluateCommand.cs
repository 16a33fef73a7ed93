using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Distil.Core;
using Distil.Core.Errors;
using Distil.Core.Runs;
using Distil.Trainer.Evaluation;
using Distil.Trainer.Models;
using Distil.Trainer.Models.Transformers;
using Distil.Trainer.Tokenization;

namespace Distil.Trainer.Commands;

/// <summary><c>evaluate</c>: perplexity of a model on a file, and beside a teacher its KL and top-1 agreement.</summary>
internal static class EvaluateCommand
{
    private const int DefaultContext = 512;
    private const int Width = 24;

    internal static Command Create()
    {
        var model = new Option<string>("--model") { Required = true, Description = "Model folder to evaluate: a student, or any teacher." };
        var teacher = new Option<string?>("--teacher") { Description = "Model folder to compare with; same vocabulary." };
        var data = new Option<string>("--data")
        {
            Required = true,
            Description = ".jsonl file ({\"text\"} or {\"ids\"} a line), or a text file with a document a line.",
        };
        var tokenizer = new Option<string?>("--tokenizer") { Description = "tokenizer.json, or the folder that holds it. Default: the model's folder." };
        var context = new Option<int?>("--context") { Description = $"Tokens in a row. Default: {DefaultContext}, or less where a model holds less." };
        var maxRows = new Option<int>("--max-rows") { Description = "Most rows to read.", DefaultValueFactory = _ => 512 };
        var device = new Option<ComputeDevice>("--device") { Description = "auto (CUDA where present), cpu or cuda." };
        var json = new Option<bool>("--json") { Description = "Print one JSON object." };
        var command = new Command("evaluate", "Measure a model's perplexity on a file, and its distance to a teacher.")
        {
            model, teacher, data, tokenizer, context, maxRows, device, json,
        };
        command.SetAction((parsed, cancel) =>
        {
            var result = Run(
                new EvaluateInput(parsed.GetRequiredValue(model), parsed.GetValue(teacher), parsed.GetRequiredValue(data), parsed.GetValue(tokenizer))
                {
                    Context = parsed.GetValue(context),
                    MaxRows = parsed.GetValue(maxRows),
                    Device = parsed.GetValue(device),
                },
                cancel);
            parsed.InvocationConfiguration.Output.WriteLine(parsed.GetValue(json) ? JsonSerializer.Serialize(result, DistilJson.Options) : Text(result));
            return Task.FromResult(0);
        });
        return command;
    }

    /// <exception cref="InvalidInputException">A model, the tokenizer or the data cannot be used, or they do not fit together.</exception>
    internal static EvaluationResult Run(EvaluateInput input, CancellationToken cancel)
    {
        RequireAtLeast(2, input.Context ?? DefaultContext, "--context");
        RequireAtLeast(1, input.MaxRows, "--max-rows");
        var device = TorchDevice.Of(input.Device);
        using var model = LanguageModelLoader.Load(input.Model, device);
        using var teacher = input.Teacher is null ? null : LanguageModelLoader.Load(input.Teacher, device);
        var context = input.Context ?? new[] { DefaultContext, MaxContext(model), MaxContext(teacher) }.Min();
        foreach (var transformer in new[] { model, teacher }.OfType<TransformerModel>())
        {
            transformer.RequireContext(context, "--context");
        }

        var path = input.Tokenizer ?? input.Model;
        var tokenizer = new Lazy<HuggingFaceTokenizer>(() =>
        {
            var loaded = HuggingFaceTokenizer.Load(path);
            VocabularyCheck.RequireFits(path, loaded.VocabularySize, input.Model, model.VocabularySize);
            return loaded;
        });
        var rows = EvaluationRows.Of(input.Data, tokenizer, model.VocabularySize, context).Take(input.MaxRows);
        var text = HuggingFaceTokenizer.IsIn(path) ? new TokenText(tokenizer.Value) : null;
        return new Evaluator(new EvaluationOptions(), text).Evaluate(model, teacher, rows, cancel: cancel);
    }

    private static int MaxContext(ILanguageModel? model) => model is TransformerModel transformer ? transformer.Config.MaxPositions : int.MaxValue;

    private static string Text(EvaluationResult result)
    {
        List<string> lines =
        [
            Line("perplexity", result.Student.Perplexity, result.Student.PerplexityStandardError),
            Line("cross-entropy, nats", result.Student.CrossEntropy, result.Student.CrossEntropyStandardError),
            .. Lines(result.Student.Text),
        ];
        if (result is { Teacher: { } teacher, Kl: { } kl, Top1Agreement: { } agreement, PerplexityRatio: { } ratio })
        {
            lines.AddRange(
            [
                Line("teacher's perplexity", teacher.Perplexity, teacher.PerplexityStandardError), Line("ratio", ratio, result.PerplexityRatioStandardError),
                Line("KL to the teacher, nats", kl, result.KlStandardError), Line("same top token", agreement, result.Top1AgreementStandardError),
            ]);
        }

        lines.Add($"{"tokens",-Width} {result.Tokens}");
        return string.Join('\n', lines);
    }

    private static IEnumerable<string> Lines(TextScore? text) => text is null ? [] :
    [
        Line("word perplexity", text.WordPerplexity.Value, text.WordPerplexity.StandardError),
        Line("byte perplexity", text.BytePerplexity.Value, text.BytePerplexity.StandardError),
        Line("bits per byte", text.BitsPerByte.Value, text.BitsPerByte.StandardError),
    ];

    private static string Line(string name, double value, double? error) => string.Create(
        CultureInfo.InvariantCulture, $"{name,-Width} {value:0.0000}{(error is null ? "" : string.Create(CultureInfo.InvariantCulture, $" ± {error:0.0000}"))}");

    private static void RequireAtLeast(int least, int value, string option)
    {
        if (value < least)
        {
            throw new InvalidInputException($"{option} is {value}; expected {least} or more");
        }
    }
}

/// <summary>What <c>evaluate</c> is given: folders and files by their paths.</summary>
internal sealed record EvaluateInput(string Model, string? Teacher, string Data, string? Tokenizer)
{
    /// <value>Tokens in a row; null takes the default that fits both models.</value>
    public int? Context { get; init; }

    /// <value>Most rows, ≥ 1.</value>
    public int MaxRows { get; init; } = 512;

    /// <value>Where to compute.</value>
    public ComputeDevice Device { get; init; }
}
