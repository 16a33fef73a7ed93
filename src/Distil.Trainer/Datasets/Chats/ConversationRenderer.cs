using Distil.Core.Errors;
using Distil.Core.Specification;
using Distil.Inference.ChatTemplates;

namespace Distil.Trainer.Datasets.Chats;

/// <summary>Renders conversations with a chat template and finds which part of the text each message is.</summary>
/// <remarks>
/// If the template marks what the assistant generates, the marks decide. Otherwise a message is what it adds to the text of the messages before it, without
/// the generation prompt. Some templates render a message differently once others follow (Qwen3 leaves out earlier reasoning): an answer is trained in the
/// text in which the model generates it, so such a conversation gives several texts.
/// </remarks>
internal sealed class ConversationRenderer(ChatTemplate template, TrainedTokens train)
{
    /// <summary>Renders a conversation.</summary>
    /// <returns>Its texts; none if no message counts. What follows the last answer that counts may be left out.</returns>
    /// <exception cref="InvalidInputException">The template refuses it, or does not show where a message is; the message names file, row and field.</exception>
    internal IReadOnlyList<LabelledText> Render(Conversation chat)
    {
        foreach (var message in chat.Messages.Where(each => each is { IsAnswer: false, Counts: true } && train == TrainedTokens.Assistant))
        {
            throw chat.Error($"{message.Name} is a message of role {message.Role} that is to count; expected that only of an assistant's, or dataset.chat.train all");
        }

        return train == TrainedTokens.All ? [RenderAll(chat)] : template.MarksAnswers ? [RenderMarked(chat)] : RenderAnswers(chat);
    }

    private LabelledText RenderAll(Conversation chat)
    {
        var text = new LabelledText(Text(chat, chat.Messages.Count));
        text.Set(0, text.Text.Length, counts: true);
        foreach (var (i, message) in chat.Messages.Index().Where(each => each.Item.Counts == false || each.Item.Parts.Count > 0))
        {
            var (before, after) = (i == 0 ? "" : Text(chat, i), Text(chat, i + 1));
            if (!after.StartsWith(before, StringComparison.Ordinal) || !text.Text.StartsWith(after, StringComparison.Ordinal))
            {
                throw Unclear(chat, message);
            }

            Exclude(chat, message, text, (before.Length, after.Length));
        }

        return text;
    }

    private LabelledText RenderMarked(Conversation chat)
    {
        var (rendered, answers) = With(chat, () => template.RenderMarked(chat.First(chat.Messages.Count), chat.Variables));
        var text = new LabelledText(rendered);
        var messages = chat.Messages.Where(message => message.IsAnswer).ToList();
        if (messages.Find(message => message.Counts == false || message.Parts.Count > 0) is { } special && messages.Count != answers.Count)
        {
            throw chat.Error($"{special.Name} has parts that do not count, and the template marks {answers.Count} answers of {messages.Count}; expected a mark for each");
        }

        foreach (var (i, answer) in answers.Index())
        {
            text.Set(answer.Start.Value, answer.End.Value, counts: true);
            if (messages.Count == answers.Count)
            {
                Exclude(chat, messages[i], text, (answer.Start.Value, answer.End.Value));
            }
        }

        return text;
    }

    private List<LabelledText> RenderAnswers(Conversation chat)
    {
        var texts = new List<LabelledText>();
        for (var i = chat.Messages.Count - 1; i > 0; i--) // a first message answers nothing
        {
            if (chat.Messages[i] is not { IsAnswer: true, Counts: not false } message)
            {
                continue;
            }

            var after = Text(chat, i + 1);
            var start = StartOf(chat, i, after);
            var text = texts.Find(each => each.Text.StartsWith(after, StringComparison.Ordinal));
            if (text is null)
            {
                texts.Insert(0, text = new LabelledText(after));
            }

            text.Set(start, after.Length, counts: true);
            Exclude(chat, message, text, (start, after.Length));
        }

        return texts;
    }

    /// <summary>The end of the generation prompt in the text that ends with a message.</summary>
    private int StartOf(Conversation chat, int message, string after)
    {
        var prompt = With(chat, () => template.Render(chat.First(message), addGenerationPrompt: true, chat.Variables));
        if (after.StartsWith(prompt, StringComparison.Ordinal))
        {
            return prompt.Length;
        }

        // A prompt may begin the answer in another way than this one begins, for instance with <think>.
        var before = Text(chat, message);
        if (!after.StartsWith(before, StringComparison.Ordinal))
        {
            throw Unclear(chat, chat.Messages[message]);
        }

        var common = after.AsSpan()[..after.AsSpan().CommonPrefixLength(prompt)];
        var tag = common.LastIndexOf('<'); // <think> and <tool_call> begin alike, and are two tokens
        return Math.Max(before.Length, tag >= 0 && !common[tag..].Contains('>') ? tag : common.Length);
    }

    private string Text(Conversation chat, int messages) =>
        With(chat, () => template.Render(chat.First(messages), addGenerationPrompt: false, chat.Variables));

    /// <summary>Adds the row to an error of the template.</summary>
    private static T With<T>(Conversation chat, Func<T> render)
    {
        try
        {
            return render();
        }
        catch (InvalidInputException wrong)
        {
            throw chat.Error(wrong.Message, wrong);
        }
    }

    /// <summary>Excludes a message, or the parts of its content that do not count. Templates trim contents, and some take them apart, so the parts are looked
    /// for in their order.</summary>
    private static void Exclude(Conversation chat, ChatMessage message, LabelledText text, (int Start, int End) region)
    {
        if (message.Counts == false)
        {
            text.Set(region.Start, region.End, counts: false);
            return;
        }

        // The content as a whole comes after a role and reasoning, which may have the same words.
        var content = string.Concat(message.Parts.Select(part => part.Text)).Trim();
        var from = region.Start + Math.Max(0, content.Length == 0 ? 0 : text.Text.AsSpan(region.Start, region.End - region.Start).LastIndexOf(content));
        foreach (var part in message.Parts.Where(part => part.Text.AsSpan().Trim().Length > 0))
        {
            var said = part.Text.Trim();
            var at = text.Text.IndexOf(said, from, region.End - from, StringComparison.Ordinal);
            if (at < 0 && !part.Counts)
            {
                throw chat.Error($"{part.Name} does not count, and the template changes its text; expected a template that renders it as it is");
            }

            if (at >= 0)
            {
                from = at + said.Length;
                text.Set(at, from, part.Counts);
            }
        }
    }

    private static InvalidInputException Unclear(Conversation chat, ChatMessage message) => chat.Error(
        $"the template renders what is before {message.Name} differently if more follows, so that it is unclear which part of the text it is; "
        + "expected another template, or one with {% generation %} marks");
}
