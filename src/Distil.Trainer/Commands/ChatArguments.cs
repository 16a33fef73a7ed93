using System.CommandLine;
using Distil.Core.Errors;
using Distil.Core.Specification;

namespace Distil.Trainer.Commands;

/// <summary>Options of commands that read conversations: the fields of <c>dataset.chat</c>.</summary>
internal sealed class ChatArguments
{
    private readonly Option<ChatForm?> _form = new("--chat")
    {
        Description = "Read rows as conversations, rendered with the chat template beside the tokenizer: auto (default), messages, conversations, completion "
            + "or instruction.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string?> _field = new("--chat-field") { Description = "The list of messages, if it is called neither messages nor conversations." };

    private readonly Option<TrainedTokens?> _train = new("--chat-train") { Description = "What counts: assistant (default) or all." };

    private readonly Option<ChatPacking?> _packing = new("--chat-packing") { Description = "Which conversations share a row: whole (default) or none." };

    internal void AddTo(Command command)
    {
        foreach (var option in (Option[])[_form, _field, _train, _packing])
        {
            command.Add(option);
        }
    }

    /// <summary>How rows are read as conversations; null if they are texts.</summary>
    /// <exception cref="InvalidInputException">An option is set that only conversations have.</exception>
    internal ChatSpec? Of(ParseResult parsed)
    {
        var usual = new ChatSpec();
        if (parsed.GetResult(_form) is not null)
        {
            return new ChatSpec
            {
                Form = parsed.GetValue(_form) ?? usual.Form, Field = parsed.GetValue(_field), Train = parsed.GetValue(_train) ?? usual.Train,
                Packing = parsed.GetValue(_packing) ?? usual.Packing,
            };
        }

        var alone = ((Option[])[_field, _train, _packing]).FirstOrDefault(option => parsed.GetResult(option) is not null);
        return alone is null ? null : throw new InvalidInputException($"{alone.Name} is set without --chat; expected --chat beside it");
    }
}
