using Azure;
using Azure.Core;
using Azure.Core.Pipeline;

namespace Distil.Core.Artifacts;

/// <summary>Says in one sentence which storage cannot be reached, instead of every try of the client with its stack.</summary>
internal sealed class UnreachablePolicy : HttpPipelinePolicy
{
    /// <inheritdoc/>
    public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        try
        {
            ProcessNext(message, pipeline);
        }
        catch (Exception unreachable) when (IsOfTransport(message, unreachable))
        {
            throw Named(message, unreachable);
        }
    }

    /// <inheritdoc/>
    public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        try
        {
            await ProcessNextAsync(message, pipeline);
        }
        catch (Exception unreachable) when (IsOfTransport(message, unreachable))
        {
            throw Named(message, unreachable);
        }
    }

    // No answer of a server: the transport's own error (status 0), its time limit, or those of all tries.
    private static bool IsOfTransport(HttpMessage message, Exception error) => error switch
    {
        AggregateException several => several.InnerExceptions.All(each => IsOfTransport(message, each)),
        RequestFailedException { Status: 0 } => true,
        OperationCanceledException => !message.CancellationToken.IsCancellationRequested,
        _ => false,
    };

    private static RequestFailedException Named(HttpMessage message, Exception error)
    {
        var last = error is AggregateException several ? several.InnerExceptions[^1] : error;
        return new RequestFailedException(0, $"storage {StorageName.Of(message.Request.Uri.ToUri())} does not answer: {last.Message.Split('\n')[0].TrimEnd()}", error);
    }
}
