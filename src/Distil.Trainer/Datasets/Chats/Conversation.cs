using System.Text.Json.Nodes;
using Distil.Core.Errors;
using Distil.Core.Specification;

namespace Distil.Trainer.Datasets.Chats;

/// <summary>A conversation of a dataset, as its row has it.</summary>
/// <param name="Messages">The messages, at least one.</param>
/// <param name="Variables">Further variables of the template, for instance <c>tools</c>; null for none.</param>
/// <param name="Complaint">Returns a message with the row's place, for people.</param>
internal sealed record Conversation(IReadOnlyList<ChatMessage> Messages, JsonObject? Variables, Func<string, string> Complaint)
{
    /// <summary>The error that this row causes, with its file and row.</summary>
    internal InvalidInputException Error(string problem, Exception? cause = null) => new(Complaint(problem), cause);

    /// <summary>The first messages, for a template.</summary>
    internal JsonArray First(int count) => new([.. Messages.Take(count).Select(message => message.Fields.DeepClone())]);
}

/// <summary>A message of a conversation.</summary>
/// <param name="Fields">What the template gets: role, content and whatever else the row has.</param>
/// <param name="Name">The message's place in its row, for messages: <c>messages[2]</c>.</param>
/// <param name="Counts">Whether its tokens count in the losses; null if the row does not say.</param>
/// <param name="Parts">The parts of its content, if some of them do not count; else empty.</param>
internal sealed record ChatMessage(JsonObject Fields, string Name, bool? Counts, IReadOnlyList<ChatPart> Parts)
{
    /// <value>Whether the model says it.</value>
    internal bool IsAnswer => ChatSpeakers.IsAnswer(Role);

    /// <value>Who says it.</value>
    internal string Role => (string)Fields["role"]!;
}

/// <summary>A part of a message's content.</summary>
/// <param name="Text">The text.</param>
/// <param name="Name">The part's place in its row, for messages: <c>messages[2].content[0]</c>.</param>
/// <param name="Counts">Whether its tokens count in the losses if its message's do.</param>
internal readonly record struct ChatPart(string Text, string Name, bool Counts);
