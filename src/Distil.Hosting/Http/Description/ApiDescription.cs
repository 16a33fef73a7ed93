using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;

namespace Distil.Hosting.Http.Description;

/// <summary>The OpenAPI document, generated from the endpoints and the documents' types.</summary>
public static class ApiDescription
{
    private const string Summary = "Distils Transformer language models into recurrent xLSTM students: starts, watches and cancels runs.";

    /// <summary>Registers it.</summary>
    /// <param name="services">The host's.</param>
    /// <param name="needsKey">Whether requests need the API key.</param>
    public static void AddApiDescription(this IServiceCollection services, bool needsKey) => services.AddOpenApi("openapi", options =>
    {
        options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
        options.AddOperationTransformer(OperationDetails.CompleteAsync);
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo { Title = "Distil", Version = "1", Description = Summary };
            document.Servers = []; // the document's own origin
            document.Tags = null;
            if (needsKey)
            {
                RequireKey(document);
            }

            return Task.CompletedTask;
        });
    });

    /// <summary>Serves it at <c>/openapi.json</c>.</summary>
    public static void MapApiDescription(this IEndpointRouteBuilder routes) => routes.MapOpenApi("/{documentName}.json");

    private static void RequireKey(OpenApiDocument document)
    {
        foreach (var scheme in (string[])["bearer", "basic"])
        {
            document.AddComponent<IOpenApiSecurityScheme>(scheme, new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = scheme });
            (document.Security ??= []).Add(new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(scheme, document)] = [] });
        }
    }
}
