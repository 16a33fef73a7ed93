namespace Distil.Core.Specification;

/// <summary>Who speaks in a message of chat data.</summary>
public static class ChatSpeakers
{
    /// <value>ShareGPT's names, in any case, with the role of each.</value>
    public static IReadOnlyDictionary<string, string> ShareGpt { get; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
    {
        ["human"] = "user", ["user"] = "user", ["gpt"] = "assistant", ["assistant"] = "assistant", ["chatgpt"] = "assistant", ["model"] = "assistant",
        ["system"] = "system", ["tool"] = "tool", ["function"] = "tool", ["observation"] = "tool",
    };

    /// <summary>Whether a role's messages are answers of the model.</summary>
    /// <param name="role">The role, as a template gets it.</param>
    public static bool IsAnswer(string role) => role is "assistant" or "model";
}
