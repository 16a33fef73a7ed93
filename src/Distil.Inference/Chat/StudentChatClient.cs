using System.Runtime.CompilerServices;
using Distil.Core.Errors;
using Distil.Inference.Answers;
using Distil.Inference.Engines;
using Distil.Inference.Scheduling;
using Microsoft.Extensions.AI;

namespace Distil.Inference.Chat;

/// <summary>Chats with a student through Microsoft.Extensions.AI.</summary>
/// <remarks>
/// A conversation that goes on resumes its state, so that a turn takes the same time however long the conversation is. Several threads may use a client at once.
/// </remarks>
public sealed class StudentChatClient : IChatClient
{
    private readonly StudentModel _model;
    private readonly ChatRequest _request;

    /// <value>What the student runs on, for people.</value>
    public string Processor => _model.Processor;

    /// <value>Why it does not run on a card; null if it does, or if the CPU was asked for.</value>
    public string? NoCard => _model.NoCard;

    private StudentChatClient(StudentModel model, ChatRequest request) => (_model, _request) = (model, request);

    /// <summary>Opens a student's folder.</summary>
    /// <param name="folder">The folder, with its tokenizer and its chat template.</param>
    /// <param name="options">How the engine computes; null for the defaults.</param>
    /// <exception cref="InvalidInputException">The model cannot be used, or has no chat template.</exception>
    public static StudentChatClient Open(string folder, EngineOptions? options = null)
    {
        var model = StudentModel.Open(folder, options);
        if (model.Template is { } template)
        {
            return new(model, new(model.Name, model.Tokenizer, template));
        }

        model.DisposeAsync().AsTask().GetAwaiter().GetResult();
        throw new InvalidInputException(
            $"{folder}: has no chat template; expected chat_template.jinja, or chat_template in tokenizer_config.json. A model without one only continues texts");
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidInputException">The template refuses the messages, or the model cannot do what is asked for.</exception>
    /// <exception cref="SchedulerBusyException">Too many texts wait.</exception>
    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    /// <inheritdoc/>
    /// <exception cref="InvalidInputException">The template refuses the messages, or the model cannot do what is asked for.</exception>
    /// <exception cref="SchedulerBusyException">Too many texts wait.</exception>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var answer = _model.Answer(_request.Read(messages, options ?? new()));
        var id = Guid.NewGuid().ToString("N");
        await foreach (var piece in answer.PiecesAsync(cancellationToken))
        {
            var update = Update(id, [new TextContent(piece.Text)]);
            if (piece.FinishReason is { } reason)
            {
                update.FinishReason = reason == FinishReason.Length ? ChatFinishReason.Length : ChatFinishReason.Stop;
                update.Contents.Add(new UsageContent(new()
                {
                    InputTokenCount = answer.PromptTokens,
                    OutputTokenCount = answer.Tokens,
                    TotalTokenCount = answer.PromptTokens + answer.Tokens,
                }));
            }

            yield return update;
        }
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is not null ? null
        : serviceType == typeof(ChatClientMetadata) ? new ChatClientMetadata("distil", defaultModelId: _model.Name)
        : serviceType.IsInstanceOfType(this) ? this
        : serviceType.IsInstanceOfType(_model) ? _model
        : null;

    /// <summary>Finishes the answers that were begun, and closes the model.</summary>
    public void Dispose() => _model.DisposeAsync().AsTask().GetAwaiter().GetResult();

    private ChatResponseUpdate Update(string id, IList<AIContent> contents) =>
        new(ChatRole.Assistant, contents) { ResponseId = id, MessageId = id, ModelId = _model.Name };
}
