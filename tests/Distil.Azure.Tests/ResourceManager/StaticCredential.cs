using Azure.Core;

namespace Distil.Azure.Tests.ResourceManager;

/// <summary>A credential with a constant token.</summary>
internal sealed class StaticCredential : TokenCredential
{
    /// <value>The scope of the latest request for a token.</value>
    public string? Scope { get; private set; }

    public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken)
    {
        Scope = Assert.Single(requestContext.Scopes);
        return new AccessToken("a-token", DateTimeOffset.MaxValue);
    }

    public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
        ValueTask.FromResult(GetToken(requestContext, cancellationToken));
}
