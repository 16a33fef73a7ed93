using System.CommandLine;
using Distil.Core.Errors;
using Distil.Core.Sources;
using Distil.Inference.Chat;
using Distil.Inference.Engines;
using Distil.Inference.Sampling;
using Distil.Trainer.Generation;
using Microsoft.Extensions.AI;

namespace Distil.Trainer.Commands;

/// <summary><c>chat</c>: a conversation with a student, a line of input a message.</summary>
internal static class ChatCommand
{
    /// <summary>Input that begins a new conversation.</summary>
    internal const string Clear = "/clear";

    /// <summary>Input that ends the command, as the end of the input does.</summary>
    internal const string Exit = "/exit";

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
        var command = new Command("chat", $"Chat with a student. {Clear} begins a new conversation, {Exit} or the end of the input ends it.")
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
            await TalkAsync(folder, engine, options, Console.In, output, Console.IsInputRedirected ? null : error, cancel);
        });
        return command;
    }

    /// <param name="folder">The student's folder.</param>
    /// <param name="engine">How the engine computes.</param>
    /// <param name="options">How it answers.</param>
    /// <param name="input">The messages, a line each; empty lines are passed over.</param>
    /// <param name="output">Receives the answers as they are generated, each ended by a line break.</param>
    /// <param name="prompts">Receives the prompts for a person at a terminal; null for none.</param>
    /// <param name="cancel">Ends the conversation.</param>
    /// <exception cref="InvalidInputException">The model cannot be used, or refuses a message.</exception>
    internal static async Task TalkAsync(
        string folder, EngineOptions engine, ChatOptions options, TextReader input, TextWriter output, TextWriter? prompts, CancellationToken cancel)
    {
        using var client = StudentChatClient.Open(folder, engine);
        if (prompts is not null)
        {
            await prompts.WriteLineAsync($"on {client.Processor}{(client.NoCard is { } reason ? $": {reason}" : "")}");
        }

        var conversation = new List<ChatMessage>();
        while (await NextAsync(input, prompts, cancel) is { } line and not Exit)
        {
            if (line == Clear)
            {
                conversation.Clear();
            }
            else if (line.Length > 0)
            {
                conversation.Add(new(ChatRole.User, line));
                conversation.Add(new(ChatRole.Assistant, await AnswerAsync(client, conversation, options, output, cancel)));
            }
        }
    }

    private static async Task<string?> NextAsync(TextReader input, TextWriter? prompts, CancellationToken cancel)
    {
        if (prompts is not null)
        {
            await prompts.WriteAsync("> ");
            await prompts.FlushAsync(cancel);
        }

        return (await input.ReadLineAsync(cancel))?.Trim();
    }

    private static async Task<string> AnswerAsync(
        StudentChatClient client, List<ChatMessage> conversation, ChatOptions options, TextWriter output, CancellationToken cancel)
    {
        var pieces = new List<ChatResponseUpdate>();
        await foreach (var piece in client.GetStreamingResponseAsync(conversation, options, cancel))
        {
            pieces.Add(piece);
            await output.WriteAsync(piece.Text);
            await output.FlushAsync(cancel);
        }

        await output.WriteLineAsync();
        return pieces.ToChatResponse().Text;
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
