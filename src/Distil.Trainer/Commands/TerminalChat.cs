using Distil.Core.Errors;
using Distil.Inference.Chat;
using Distil.Inference.Engines;
using Microsoft.Extensions.AI;

namespace Distil.Trainer.Commands;

/// <summary>A conversation with a student over text streams.</summary>
internal static class TerminalChat
{
    /// <summary>Input that begins a new conversation.</summary>
    internal const string Clear = "/clear";

    /// <summary>Input that ends the command, as the end of the input does.</summary>
    internal const string Exit = "/exit";

    /// <summary>Answers message after message until the input or the conversation ends.</summary>
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
}
