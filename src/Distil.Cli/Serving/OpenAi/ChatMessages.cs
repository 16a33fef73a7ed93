using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Distil.Core.Errors;
using Distil.Inference.ChatTemplates;

namespace Distil.Cli.Serving.OpenAi;

/// <summary>Renders the messages of a request with the model's chat template.</summary>
internal static class ChatMessages
{
    private const string Messages = "messages", Variables = "chat_template_kwargs";

    /// <summary>The text that the model continues.</summary>
    /// <exception cref="OpenAiException">A message is malformed, or the template refuses them.</exception>
    internal static string Render(RequestFields fields, ChatTemplate template)
    {
        var list = fields.Optional(Messages) ?? throw new OpenAiException(400, $"{Messages} is missing; expected a list of messages", Messages);
        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() == 0)
        {
            throw RequestFields.Wrong(Messages, list, "a list of at least one message");
        }

        var variables = fields.Optional(Variables) switch
        {
            null => null,
            { ValueKind: JsonValueKind.Object } given => JsonObject.Create(given),
            { } other => throw RequestFields.Wrong(Variables, other, "an object"),
        };
        try
        {
            return template.Render(new JsonArray([.. list.EnumerateArray().Select(Message)]), addGenerationPrompt: true, variables);
        }
        catch (InvalidInputException refused)
        {
            throw new OpenAiException(400, refused.Message, Messages);
        }
    }

    private static JsonNode Message(JsonElement message, int index)
    {
        var at = $"{Messages}[{index}]";
        if (message.ValueKind != JsonValueKind.Object)
        {
            throw RequestFields.Wrong(at, message, "an object with role and content");
        }

        var fields = new RequestFields(message);
        _ = fields.Text("role") ?? throw new OpenAiException(400, $"{at}.role is missing; expected for instance user", $"{at}.role");
        var rendered = JsonObject.Create(message)!;
        if (fields.Optional("content") is { ValueKind: not JsonValueKind.String } content)
        {
            rendered["content"] = Parts(content, $"{at}.content");
        }

        return rendered;
    }

    // Templates of text models expect a text.
    private static string Parts(JsonElement content, string at)
    {
        if (content.ValueKind != JsonValueKind.Array)
        {
            throw RequestFields.Wrong(at, content, "text, or a list of parts of type text");
        }

        var text = new StringBuilder();
        foreach (var part in content.EnumerateArray())
        {
            text.Append(part.ValueKind == JsonValueKind.Object && new RequestFields(part) is var fields && fields.Text("type") == "text"
                ? fields.Text("text") : throw RequestFields.Wrong(at, part, "parts of type text: this model reads nothing else"));
        }

        return text.ToString();
    }
}
