using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Distil.Core;
using Distil.Core.Sources;

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
            var result = ContinuedText.Of(input, sampling.Read(parsed), piece => Show(asJson ? TextWriter.Null : output, piece), cancel);
            output.WriteLine(asJson ? JsonSerializer.Serialize(result, DistilJson.Options) : "");
            if (!asJson)
            {
                parsed.InvocationConfiguration.Error.WriteLine(Summary(result));
            }
        });
        return command;
    }

    private static void Show(TextWriter output, string piece)
    {
        output.Write(piece);
        output.Flush();
    }

    private static string Summary(ContinuedText result) => string.Create(
        CultureInfo.InvariantCulture,
        $"{result.Tokens} tokens in {result.Seconds:0.00} s ({result.Tokens / result.Seconds:0.0} tokens/s, reading the prompt included)");
}
