using System.CommandLine;
using Distil.Core.Errors;
using Distil.Core.Sources;
using Distil.Inference.Sampling;
using Distil.Trainer.Generation;
using Microsoft.Extensions.AI;

namespace Distil.Trainer.Commands;

/// <summary><c>chat</c>: a conversation with a student, a line of input a message.</summary>
internal static class ChatCommand
{
    internal static Command Create(SourceCatalog catalog)
    {
        var model = new Option<string>("--model")
        {
            Required = true, Description = "A student's folder with its tokenizer and chat template, or hf://owner/name[@revision].",
        };
        var system = new Option<string?>("--system") { Description = "Text of a system message, with which each conversation begins." };
        var tokens = new Option<int>("--tokens") { Description = "Maximum number of tokens of an answer.", DefaultValueFactory = _ => 512 };
        var sampling = new SamplingArguments();
        var (device, weights, threads) = (EngineArguments.Device(), EngineArguments.Weights(), EngineArguments.Threads());
        var command = new Command("chat", $"Chat with a student. {TerminalChat.Clear} begins a new conversation, {TerminalChat.Exit} or the end of the input ends it.")
        {
            model, system, tokens,
        };
        sampling.AddTo(command);
        command.Add(device);
        command.Add(weights);
        command.Add(threads);
        command.SetAction(async (parsed, cancel) =>
        {
            var folder = await ModelFolder.FetchAsync(parsed.GetRequiredValue(model), "--model", catalog, cancel);
            var options = Options(sampling.Read(parsed), parsed.GetValue(tokens), parsed.GetValue(system));
            var (output, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
            var engine = StudentCard.Add(EngineArguments.Read(parsed, weights, threads) with { Device = parsed.GetValue(device) });
            await TerminalChat.TalkAsync(folder, engine, options, Console.In, output, Console.IsInputRedirected ? null : error, cancel);
        });
        return command;
    }

    private static ChatOptions Options(SamplingOptions sampling, int tokens, string? system) => new()
    {
        Instructions = system,
        MaxOutputTokens = tokens >= 1 ? tokens : throw new InvalidInputException($"--tokens is {tokens}; expected 1 or more"),
        Temperature = (float)sampling.Temperature,
        TopP = (float)sampling.TopP,
        TopK = sampling.TopK,
        Seed = (long)sampling.Seed,
        AdditionalProperties = new() { ["min_p"] = sampling.MinP, ["repetition_penalty"] = sampling.RepetitionPenalty },
    };
}
