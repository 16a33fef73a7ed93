using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Distil.Core.Specification;

namespace Distil.Trainer.Datasets.Chats;

/// <summary>Reads a message in either spelling: <c>role</c> and <c>content</c>, or ShareGPT's <c>from</c> and <c>value</c>.</summary>
internal static class MessageReader
{
    /// <summary>A template's variables are a few levels deeper than their values.</summary>
    private const int MaxDepth = 900;

    private static readonly string[] Consumed = ["role", "content", "from", "value", "loss", "weight"];

    /// <summary>Reads a list of messages.</summary>
    /// <param name="list">The list.</param>
    /// <param name="field">Its name.</param>
    /// <exception cref="ChatRowException">It is not a list of messages.</exception>
    internal static IEnumerable<ChatMessage> All(JsonElement list, string field) => list.ValueKind == JsonValueKind.Array
        ? list.EnumerateArray().Select((message, i) => Read(message, $"{field}[{i}]"))
        : throw new ChatRowException($"{field} is {Kind(list)}; expected a list of messages");

    /// <summary>A message of a text alone.</summary>
    internal static ChatMessage Of(string role, string content, string field) => new(new JsonObject { ["role"] = role, ["content"] = content }, field, null, []);

    /// <summary>A value for a template, which outlives the row.</summary>
    /// <exception cref="InvalidOperationException">A text in it has half of a surrogate pair, which no template can be given.</exception>
    internal static JsonNode? Node(JsonElement value)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(bytes))
        {
            value.WriteTo(writer);
        }

        return JsonNode.Parse(bytes.WrittenSpan, documentOptions: new() { MaxDepth = MaxDepth });
    }

    /// <summary>The kind of a value, for messages: "a number".</summary>
    internal static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => "a list",
        JsonValueKind.Object => "an object",
        JsonValueKind.Null or JsonValueKind.Undefined => "null",
        JsonValueKind.String => "text",
        JsonValueKind.Number => "a number",
        _ => "a truth value",
    };

    private static ChatMessage Read(JsonElement message, string name)
    {
        if (message.ValueKind != JsonValueKind.Object)
        {
            throw new ChatRowException($"{name} is {Kind(message)}; expected an object with role and content, or from and value");
        }

        var shareGpt = !message.TryGetProperty("role", out _) && message.TryGetProperty("from", out _);
        var (speaker, said) = shareGpt ? ("from", "value") : ("role", "content");
        var role = RequireText(message, speaker, name);
        var fields = new JsonObject
        {
            ["role"] = !shareGpt ? role : ChatSpeakers.ShareGpt.GetValueOrDefault(role) ?? throw new ChatRowException(
                $"{name}.from is \"{role}\"; expected {string.Join(", ", ChatSpeakers.ShareGpt.Keys)}"),
        };
        var parts = new List<ChatPart>();
        fields["content"] = Content(message, said, name, parts);
        foreach (var other in message.EnumerateObject().Where(each => !Consumed.Contains(each.Name) && each.Value.ValueKind != JsonValueKind.Null))
        {
            fields[other.Name] = Node(other.Value);
        }

        return new(fields, name, Counts(message, name), parts.TrueForAll(part => part.Counts) ? [] : parts);
    }

    private static string Content(JsonElement message, string said, string name, List<ChatPart> parts)
    {
        if (!message.TryGetProperty(said, out var content) || content.ValueKind == JsonValueKind.Null)
        {
            return message.TryGetProperty("tool_calls", out var calls) && calls.ValueKind != JsonValueKind.Null
                ? "" // a call needs no words
                : throw new ChatRowException($"{name} has no {said}; expected text, or a list of parts with text");
        }

        if (content.ValueKind == JsonValueKind.String)
        {
            return content.GetString()!;
        }

        if (content.ValueKind != JsonValueKind.Array)
        {
            throw new ChatRowException($"{name}.{said} is {Kind(content)}; expected text, or a list of parts with text");
        }

        foreach (var (i, part) in content.EnumerateArray().Index())
        {
            var place = $"{name}.{said}[{i}]";
            parts.Add(part.ValueKind == JsonValueKind.String ? new(part.GetString()!, place, true)
                : part.ValueKind == JsonValueKind.Object ? new(RequireText(part, "text", place), place, Counts(part, place) ?? true)
                : throw new ChatRowException($"{place} is {Kind(part)}; expected text, or an object with text"));
        }

        return string.Concat(parts.Select(part => part.Text));
    }

    private static string RequireText(JsonElement owner, string field, string name) =>
        owner.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : throw new ChatRowException($"{name}.{field} is {(value.ValueKind == JsonValueKind.Undefined ? "missing" : Kind(value))}; expected text");

    /// <summary>What <c>loss</c> (true or false) or <c>weight</c> (1 or 0) says; null if there is neither.</summary>
    private static bool? Counts(JsonElement owner, string name)
    {
        bool? loss = !owner.TryGetProperty("loss", out var flag) ? null : flag.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            JsonValueKind.Null => null,
            _ => throw new ChatRowException($"{name}.loss is {flag.GetRawText()}; expected true or false"),
        };
        bool? weight = !owner.TryGetProperty("weight", out var number) || number.ValueKind == JsonValueKind.Null ? null
            : number.ValueKind == JsonValueKind.Number && number.GetDouble() is 0 or 1 ? number.GetDouble() == 1
            : throw new ChatRowException($"{name}.weight is {number.GetRawText()}; expected 0 or 1");
        return loss is null || weight is null || loss == weight
            ? loss ?? weight
            : throw new ChatRowException($"{name}.loss is {flag.GetRawText()} and {name}.weight {number.GetRawText()}; expected one of them, or the same");
    }
}

/// <summary>A row is not a conversation; the message names the field, and whoever knows the row adds its place.</summary>
internal sealed class ChatRowException(string message) : Exception(message);
