using Azure.Core;

namespace Distil.Azure.Tests.ResourceManager;

/// <summary>A credential that signs nobody in.</summary>
internal sealed class StaticCredential : TokenCredential
{
    /// <value>What the latest token was asked for.</value>
    public string? Scope { get; private set; }

    public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken)
    {
        Scope = Assert.Single(requestContext.Scopes);
        return new AccessToken("a-token", DateTimeOffset.MaxValue);
    }

    public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
        ValueTask.FromResult(GetToken(requestContext, cancellationToken));
}
