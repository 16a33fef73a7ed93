using System.ComponentModel.DataAnnotations;

namespace Distil.Core.Specification;

/// <summary>How rows of chats and instructions become text with the teacher's chat template, and which of its tokens count in the losses.</summary>
public sealed record ChatSpec
{
    /// <value>What a row contains. Default auto: the first of messages, conversations, prompt with completion, instruction with output that the row has.</value>
    public ChatForm Form { get; init; } = ChatForm.Auto;

    /// <value>The field or column that contains the list of messages, if it has another name than messages or conversations.</value>
    [MinLength(1)]
    public string? Field { get; init; }

    /// <value>Which tokens count in the losses. Default assistant.</value>
    public TrainedTokens Train { get; init; } = TrainedTokens.Assistant;

    /// <value>Which conversations share a row. Default whole.</value>
    public ChatPacking Packing { get; init; } = ChatPacking.Whole;
}

/// <summary>The form of a row of chat data.</summary>
public enum ChatForm
{
    /// <summary>By the fields of each row.</summary>
    Auto,

    /// <summary>A list of messages with <c>role</c> and <c>content</c> in <c>messages</c>, and perhaps <c>tools</c>.</summary>
    Messages,

    /// <summary>A list of messages with <c>from</c> and <c>value</c> in <c>conversations</c> (ShareGPT), and perhaps <c>system</c>.</summary>
    Conversations,

    /// <summary><c>prompt</c> and <c>completion</c>, each a text or a list of messages.</summary>
    Completion,

    /// <summary><c>instruction</c>, perhaps <c>input</c> and <c>system</c>, and <c>output</c> (Alpaca).</summary>
    Instruction,
}

/// <summary>The tokens of a conversation that count in the losses.</summary>
public enum TrainedTokens
{
    /// <summary>What the assistant says, with the tokens that end its message.</summary>
    Assistant,

    /// <summary>All tokens that have another before them in their conversation.</summary>
    All,
}

/// <summary>How conversations share rows.</summary>
public enum ChatPacking
{
    /// <summary>A row contains as many whole conversations as fit; later ones read those before them.</summary>
    Whole,

    /// <summary>A row contains one conversation: attention and state never cross from one to another, and the rest of the row is padding.</summary>
    None,
}
