using Distil.Core.Api;
using Distil.Fuzzing;
using Distil.Hosting.Http;
using Microsoft.AspNetCore.Http;

namespace Distil.Cli.Tests.Serving;

public sealed class JsonBodyFuzzTests
{
    [Fact]
    public Task Bodies() => Hostile.EndsInAsync<ApiProblemException>(
        Mutations.Arbitrary, bytes => JsonBody.ReadAsync(Request(bytes), maxBytes: 200, CancellationToken.None).GetAwaiter().GetResult());

    private static HttpRequest Request(byte[] body)
    {
        var request = new DefaultHttpContext().Request;
        (request.Body, request.ContentType) = (new MemoryStream(body), "application/json");
        return request;
    }
}
