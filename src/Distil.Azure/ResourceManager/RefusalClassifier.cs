using System.Net;
using Azure.Core;

namespace Distil.Azure.ResourceManager;

/// <summary>Retries a request only if the service refused it (429): for a request that must not be executed twice.</summary>
internal sealed class RefusalClassifier : ResponseClassifier
{
    /// <summary>The classifier; it has no state.</summary>
    public static readonly RefusalClassifier Instance = new();

    /// <inheritdoc />
    public override bool IsRetriableResponse(HttpMessage message) => message.Response.Status == (int)HttpStatusCode.TooManyRequests;

    /// <inheritdoc />
    public override bool IsRetriableException(Exception exception) => false;

    /// <inheritdoc />
    public override bool IsRetriable(HttpMessage message, Exception exception) => false;
}
