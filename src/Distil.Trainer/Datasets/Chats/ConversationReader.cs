using System.Text.Json;
using System.Text.Json.Nodes;
using Distil.Core.Specification;

namespace Distil.Trainer.Datasets.Chats;

/// <summary>Reads a row of chat or instruction data in any of the forms of <see cref="ChatForm"/>.</summary>
internal sealed class ConversationReader(ChatSpec chat)
{
    private const string Forms = "messages, conversations, prompt and completion, or instruction and output";

    /// <summary>Reads a row.</summary>
    /// <param name="row">An object.</param>
    /// <param name="complaint">Adds the row's place to a message.</param>
    /// <returns>Null if the row has none of the fields, or they are null; the second value then says so.</returns>
    /// <exception cref="ChatRowException">A field has not the form that is expected.</exception>
    internal (Conversation? Chat, string Missing) Read(JsonElement row, Func<string, string> complaint)
    {
        var messages = FormOf(row) switch
        {
            ChatForm.Messages => [.. System(row), .. MessageReader.All(row.GetProperty(ListField("messages")), ListField("messages"))],
            ChatForm.Conversations => [.. System(row), .. MessageReader.All(row.GetProperty(ListField("conversations")), ListField("conversations"))],
            ChatForm.Completion => (List<ChatMessage>)
            [
                .. System(row), .. Side(row, "prompt", "user").Select(message => message.IsAnswer ? message with { Counts = message.Counts ?? false } : message),
                .. Side(row, "completion", "assistant"),
            ],
            ChatForm.Instruction => [.. System(row), Instruction(row), MessageReader.Of("assistant", Text(row, "output"), "output")],
            _ => [],
        };
        return messages.Count > 0
            ? (new Conversation(messages, Variables(row), complaint), "")
            : (null, $"has no {Expected}; it has {string.Join(", ", row.EnumerateObject().Select(field => field.Name).DefaultIfEmpty("none"))}");
    }

    /// <value>The fields of which a row needs one group, for messages.</value>
    internal string Expected => chat.Form switch
    {
        ChatForm.Auto => chat.Field ?? Forms,
        ChatForm.Messages => ListField("messages"),
        ChatForm.Conversations => ListField("conversations"),
        ChatForm.Completion => "prompt and completion",
        _ => "instruction and output",
    };

    private string ListField(string usual) => chat.Field ?? usual;

    private ChatForm? FormOf(JsonElement row)
    {
        var forms = chat.Form != ChatForm.Auto ? [chat.Form]
            : chat.Field is not null ? new[] { ChatForm.Messages }
            : [ChatForm.Messages, ChatForm.Conversations, ChatForm.Completion, ChatForm.Instruction];
        return forms.Select(form => (ChatForm?)form).FirstOrDefault(form => form switch
        {
            ChatForm.Messages => Has(row, ListField("messages")),
            ChatForm.Conversations => Has(row, ListField("conversations")),
            ChatForm.Completion => Has(row, "prompt") && Has(row, "completion"),
            _ => Has(row, "instruction") && Has(row, "output"),
        });
    }

    private static bool Has(JsonElement row, string field) => row.TryGetProperty(field, out var value) && value.ValueKind != JsonValueKind.Null;

    private static IEnumerable<ChatMessage> System(JsonElement row) =>
        Has(row, "system") && Text(row, "system") is { Length: > 0 } system ? [MessageReader.Of("system", system, "system")] : [];

    private static IEnumerable<ChatMessage> Side(JsonElement row, string field, string role) =>
        row.GetProperty(field).ValueKind == JsonValueKind.Array
            ? MessageReader.All(row.GetProperty(field), field)
            : [MessageReader.Of(role, Text(row, field), field)];

    private static ChatMessage Instruction(JsonElement row)
    {
        var input = Has(row, "input") ? Text(row, "input") : "";
        return MessageReader.Of("user", Text(row, "instruction") + (input.Length > 0 ? "\n\n" + input : ""), "instruction");
    }

    private static string Text(JsonElement row, string field)
    {
        var value = row.GetProperty(field);
        return value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : throw new ChatRowException($"{field} is {MessageReader.Kind(value)}; expected text");
    }

    /// <summary>The template's further variables: <c>tools</c>, a list or its JSON as text, and each field of <c>chat_template_kwargs</c>.</summary>
    private static JsonObject? Variables(JsonElement row)
    {
        var variables = new JsonObject();
        if (Has(row, "chat_template_kwargs"))
        {
            var given = row.GetProperty("chat_template_kwargs");
            if (given.ValueKind != JsonValueKind.Object)
            {
                throw new ChatRowException($"chat_template_kwargs is {MessageReader.Kind(given)}; expected an object");
            }

            foreach (var variable in given.EnumerateObject())
            {
                variables[variable.Name] = MessageReader.Node(variable.Value);
            }
        }

        if (Has(row, "tools") && Tools(row.GetProperty("tools")) is { Count: > 0 } tools)
        {
            variables["tools"] = tools;
        }

        return variables.Count > 0 ? variables : null;
    }

    private static JsonArray Tools(JsonElement tools)
    {
        try
        {
            if (tools.ValueKind != JsonValueKind.String)
            {
                return MessageReader.Node(tools) as JsonArray ?? throw new JsonException("not a list");
            }

            using var parsed = JsonDocument.Parse(tools.GetString() is { } text && !string.IsNullOrWhiteSpace(text) ? text : "[]");
            return MessageReader.Node(parsed.RootElement) as JsonArray ?? throw new JsonException("not a list");
        }
        catch (JsonException)
        {
            throw new ChatRowException($"tools is {MessageReader.Kind(tools)}; expected a list of tools, or its JSON as text");
        }
    }
}
