using Distil.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;

namespace Distil.Cli.Serving;

/// <summary>The OpenAPI document, made from the routes and the documents' types.</summary>
internal static class ApiDescription
{
    internal static void Add(IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(json => Copy(json.SerializerOptions));
        services.AddOpenApi("openapi", options =>
        {
            options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
            options.AddDocumentTransformer((document, _, _) =>
            {
                document.Info = new OpenApiInfo { Title = "Distil", Version = "1", Description = "Distils Transformer language models into recurrent xLSTM students. A run is asked for, watched and stopped here." };
                document.Servers = []; // wherever the document comes from
                return Task.CompletedTask;
            });
        });
    }

    internal static void Map(IEndpointRouteBuilder routes) => routes.MapOpenApi("/{documentName}.json");

    // Schemas must say what DistilJson writes.
    private static void Copy(System.Text.Json.JsonSerializerOptions to)
    {
        var from = DistilJson.Options;
        (to.PropertyNamingPolicy, to.DefaultIgnoreCondition, to.UnmappedMemberHandling) = (from.PropertyNamingPolicy, from.DefaultIgnoreCondition, from.UnmappedMemberHandling);
        (to.RespectNullableAnnotations, to.RespectRequiredConstructorParameters) = (from.RespectNullableAnnotations, from.RespectRequiredConstructorParameters);
        to.NumberHandling = from.NumberHandling;
        foreach (var converter in from.Converters)
            to.Converters.Add(converter);
    }
}
