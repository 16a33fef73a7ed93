using Distil.Core.Artifacts;
using Distil.Core.Documents.Evaluations;
using Distil.Core.Errors;
using Distil.Core.Models;
using Distil.Core.Specification;
using Distil.Core.Tokenization;
using Distil.Trainer.Evaluation;
using Distil.Trainer.Models;
using Distil.Trainer.Models.Transformers;
using Distil.Trainer.Torch;

namespace Distil.Trainer.Commands;

/// <summary>What <c>evaluate</c> measures: a model on a file, tasks and recall, alone or beside its teacher.</summary>
internal static class ModelEvaluation
{
    /// <summary>Tokens in a row, if the models allow as many.</summary>
    internal const int DefaultContext = 512;

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
