using Distil.Core.Errors;
using Distil.Core.Specification;
using Distil.Core.Tokenization;
using Distil.Inference.ChatTemplates;

namespace Distil.Trainer.Datasets.Chats;

/// <summary>Renders conversations and encodes them. Several threads may use an instance: each has its own interpreter of the template.</summary>
/// <param name="tokenizer">Encodes the texts.</param>
/// <param name="modelFolder">The folder with the chat template.</param>
/// <param name="chat">Which tokens count.</param>
/// <param name="contextLength">Tokens in a row: a text that has nothing to learn in so many is left out.</param>
internal sealed class ConversationEncoder(HuggingFaceTokenizer tokenizer, string modelFolder, ChatSpec chat, int contextLength) : IDisposable
{
    private readonly ThreadLocal<ConversationRenderer> _renderer = new(() => new(
        ChatTemplate.Find(modelFolder) ?? throw new InvalidInputException(
            $"{modelFolder}: has no chat template; expected chat_template.jinja, or chat_template in tokenizer_config.json"),
        chat.Train));

    /// <summary>Returns the texts of a conversation, with masks.</summary>
    /// <returns>None if it has no token to learn.</returns>
    /// <exception cref="InvalidInputException">The template cannot render it; the message names file, row and field.</exception>
    internal IReadOnlyList<EncodedText> Encode(Conversation conversation, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        return
        [
            .. from text in _renderer.Value!.Render(conversation)
               select text.Encode(tokenizer, cancel) ?? throw conversation.Error(
                   "the tokenizer does not give its text back, so that it is unknown which tokens are an answer; expected other characters") into tokens
               where tokens.Counts.AsSpan(0, Math.Min(contextLength, tokens.Ids.Length)).Contains(true)
               select new EncodedText(tokens),
        ];
    }

    /// <inheritdoc/>
    public void Dispose() => _renderer.Dispose();
}
