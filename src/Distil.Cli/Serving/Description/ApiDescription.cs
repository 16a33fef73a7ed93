using System.Text.Json;
using Distil.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;

namespace Distil.Cli.Serving.Description;

/// <summary>The OpenAPI document, made from the routes and the documents' types.</summary>
internal static class ApiDescription
{
    private const string Summary = "Distils Transformer language models into recurrent xLSTM students. A run is asked for, watched and stopped here.";

    /// <summary>Registers it.</summary>
    /// <param name="services">The host's.</param>
    /// <param name="needsKey">Whether requests must bring the API key.</param>
    internal static void Add(IServiceCollection services, bool needsKey)
    {
        services.ConfigureHttpJsonOptions(json => Copy(json.SerializerOptions));
        services.AddOpenApi("openapi", options =>
        {
            options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
            options.AddOperationTransformer(OperationDetails.CompleteAsync);
            options.AddDocumentTransformer((document, _, _) =>
            {
                document.Info = new OpenApiInfo { Title = "Distil", Version = "1", Description = Summary };
                document.Servers = []; // wherever the document comes from
                document.Tags = null;
                if (needsKey)
                {
                    RequireKey(document);
                }

                return Task.CompletedTask;
            });
        });
    }

    internal static void Map(IEndpointRouteBuilder routes) => routes.MapOpenApi("/{documentName}.json");

    private static void RequireKey(OpenApiDocument document)
    {
        foreach (var scheme in (string[])["bearer", "basic"])
        {
            document.AddComponent<IOpenApiSecurityScheme>(scheme, new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = scheme });
            (document.Security ??= []).Add(new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(scheme, document)] = [] });
        }
    }

    // Schemas must say what DistilJson writes.
    private static void Copy(JsonSerializerOptions to)
    {
        var from = DistilJson.Options;
        (to.PropertyNamingPolicy, to.DefaultIgnoreCondition, to.UnmappedMemberHandling) = (from.PropertyNamingPolicy, from.DefaultIgnoreCondition, from.UnmappedMemberHandling);
        (to.RespectNullableAnnotations, to.RespectRequiredConstructorParameters) = (from.RespectNullableAnnotations, from.RespectRequiredConstructorParameters);
        to.NumberHandling = from.NumberHandling;
        foreach (var converter in from.Converters)
        {
            to.Converters.Add(converter);
        }
    }
}
