using Microsoft.AspNetCore.Http.Metadata;

namespace Distil.Hosting.Http;

/// <summary>Says that an operation may answer with an <see cref="ApiProblem"/>; the OpenAPI document lists it.</summary>
/// <param name="status">HTTP status code.</param>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
internal sealed class ProblemAttribute(int status) : Attribute, IProducesResponseTypeMetadata
{
    public int StatusCode => status;

    public Type Type => typeof(ApiProblem);

    public IEnumerable<string> ContentTypes => [ApiProblem.ContentType];
}
