using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Distil.Core;
using Distil.Core.Errors;
using Distil.Core.Models;
using Distil.Core.Sources;
using Distil.Core.Specification;
using Distil.Core.Tokenization;
using Distil.Inference.Engines;
using Distil.Inference.Generation;
using Distil.Inference.Sampling;
using Distil.Trainer.Generation;

namespace Distil.Trainer.Commands;

/// <summary><c>generate</c>: continues a prompt with any model, streaming the text.</summary>
internal static class GenerateCommand
{
    internal static Command Create(SourceCatalog catalog)
    {
        var model = new Option<string>("--model")
        {
            Required = true,
            Description = "Model with its tokenizer.json, a student or a teacher: a folder, or hf://owner/name[@revision].",
        };
        var prompt = new Option<string>("--prompt") { Required = true, Description = "Text to continue; an empty one begins a new text." };
        var tokens = new Option<int>("--tokens") { Description = "Maximum number of new tokens.", DefaultValueFactory = _ => 100 };
        var sampling = new SamplingArguments();
        var device = EngineArguments.Device();
        var weights = EngineArguments.Weights();
        var threads = EngineArguments.Threads();
        var json = new Option<bool>("--json") { Description = "Print one JSON object at the end." };
        var command = new Command("generate", "Continue a text.")
        {
            model, prompt, tokens, device, weights, threads, json,
        };
        sampling.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            var (output, asJson) = (parsed.InvocationConfiguration.Output, parsed.GetValue(json));
            var folder = await ModelFolder.FetchAsync(parsed.GetRequiredValue(model), "--model", catalog, cancel);
            var input = new GenerateInput(folder, parsed.GetRequiredValue(prompt), parsed.GetValue(tokens), parsed.GetValue(device))
            {
                Engine = EngineArguments.Read(parsed, weights, threads),
            };
            var result = Run(input, sampling.Read(parsed), piece => Show(asJson ? TextWriter.Null : output, piece), cancel);
            output.WriteLine(asJson ? JsonSerializer.Serialize(result, DistilJson.Options) : "");
            if (!asJson)
            {
                parsed.InvocationConfiguration.Error.WriteLine(Summary(result));
            }
        });
        return command;
    }

    /// <param name="input">The prompt and the model.</param>
    /// <param name="sampling">How tokens are chosen.</param>
    /// <param name="show">Receives the prompt, then each piece of text as soon as it is certain.</param>
    /// <param name="cancel">Checked before each token.</param>
    /// <exception cref="InvalidInputException">The model, its tokenizer or an option cannot be used, or the text would exceed the context of a model that has attention over all of it.</exception>
    internal static GenerateResult Run(GenerateInput input, SamplingOptions sampling, Action<string> show, CancellationToken cancel)
    {
        if (input.Tokens < 1)
        {
            throw new InvalidInputException($"--tokens is {input.Tokens}; expected 1 or more");
        }

        var tokenizer = HuggingFaceTokenizer.Load(input.Model);
        using var opened = OpenedTextModel.Open(input.Model, input.Device, input.Engine);
        ModelFolder.Warn(opened.Reading);
        VocabularyCheck.RequireFits(input.Model, tokenizer.VocabularySize, input.Model, opened.Model.VocabularySize);
        List<int> prompt = tokenizer.EncodePrompt(input.Prompt) is { Count: > 0 } ids ? ids : [tokenizer.EndOfText];
        if (prompt.Count + (long)input.Tokens is var length && length > opened.Model.MaxPositions)
        {
            throw new InvalidInputException(
                $"the length of --prompt and --tokens together is {length}; the model's config.json (max_position_embeddings) allows {opened.Model.MaxPositions}");
        }

        // Prompt and options are checked here, before anything is shown.
        var tokens = new Generator(opened.Model).Continue(prompt, sampling, input.Tokens, tokenizer.EndOfText, cancel);
        show(input.Prompt);
        var (text, stream) = (new StringBuilder(), new TextStream(tokenizer.Decode));
        var start = Stopwatch.GetTimestamp();
        var made = 0;
        try
        {
            foreach (var token in tokens)
            {
                Add(stream.Add(token));
                made++;
            }
        }
        catch (ArithmeticException notFinite)
        {
            throw new InvalidInputException($"{input.Model}: {notFinite.Message} after {made} new tokens; expected finite numbers", notFinite);
        }

        Add(stream.Flush());
        return new GenerateResult(input.Prompt, text.ToString(), prompt.Count, made, Stopwatch.GetElapsedTime(start).TotalSeconds);

        void Add(string piece)
        {
            text.Append(piece);
            show(piece);
        }
    }

    private static void Show(TextWriter output, string piece)
    {
        output.Write(piece);
        output.Flush();
    }

    private static string Summary(GenerateResult result) => string.Create(
        CultureInfo.InvariantCulture,
        $"{result.Tokens} tokens in {result.Seconds:0.00} s ({result.Tokens / result.Seconds:0.0} tokens/s, reading the prompt included)");
}

/// <summary>The input of <c>generate</c>.</summary>
/// <param name="Model">Its folder.</param>
/// <param name="Prompt">Text to continue.</param>
/// <param name="Tokens">Maximum number of new tokens.</param>
/// <param name="Device">Where the model runs.</param>
internal sealed record GenerateInput(string Model, string Prompt, int Tokens, ComputeDevice Device = ComputeDevice.Auto)
{
    /// <value>How the engine computes, if it runs the model.</value>
    internal EngineOptions Engine { get; init; } = new();
}

/// <summary>The result of <c>generate</c>.</summary>
/// <param name="Prompt">The text that was continued.</param>
/// <param name="Text">Its continuation.</param>
/// <param name="PromptTokens">Number of tokens of the prompt.</param>
/// <param name="Tokens">Number of new tokens.</param>
/// <param name="Seconds">Time for reading the prompt and generating them.</param>
internal sealed record GenerateResult(string Prompt, string Text, int PromptTokens, int Tokens, double Seconds);
