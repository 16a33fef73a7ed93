using System.Net.Mime;
using Distil.Core.Api.Requests;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Distil.Hosting.Http.Description;

/// <summary>Adds to the OpenAPI document what the endpoints' signatures and attributes cannot say.</summary>
internal static class OperationDetails
{
    internal static Task CompleteAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancel)
    {
        operation.Tags = null;
        foreach (var parameter in operation.Parameters?.OfType<OpenApiParameter>() ?? [])
        {
            parameter.Schema = SchemaOf(parameter.Name!) ?? parameter.Schema;
        }

        if (ResponseOf(operation, "202") is { } accepted)
        {
            AddHeader(accepted, "Location", "Where the run's status is.");
        }

        if (ResponseOf(operation, "304") is not null)
        {
            AddHeader(ResponseOf(operation, "200")!, "ETag", "Changes whenever the answer does.");
            (operation.Parameters ??= []).Add(HeaderParameter("If-None-Match", "An ETag from an earlier answer."));
        }

        // An attribute gives one type for all media types of a response.
        if (ResponseOf(operation, "200")?.Content is { Count: > 1 } content)
        {
            var (mediaType, type) = content.ContainsKey(MediaTypeNames.Text.Html)
                ? (MediaTypeNames.Text.Html, JsonSchemaType.String)
                : (MediaTypeNames.Application.Json, JsonSchemaType.Object);
            content[mediaType].Schema = new OpenApiSchema { Type = type };
        }

        if (ResponseOf(operation, "206") is { } part)
        {
            (operation.Parameters ??= []).Add(HeaderParameter("Range", "The bytes to send, for instance bytes=0-99."));
            foreach (var sent in part.Content!.Values)
            {
                sent.Schema = null; // a part of a document is none
            }
        }

        operation.Responses!["default"] = new OpenApiResponse
        {
            Description = "401 without the API key, 403 and 421 to other sites' pages, 503 while storage is unreachable, 500 otherwise",
            Content = new Dictionary<string, OpenApiMediaType>
            {
                [ApiProblem.ContentType] = new() { Schema = new OpenApiSchemaReference(nameof(ApiProblem), context.Document) },
            },
        };
        return Task.CompletedTask;
    }

    // The operations read these parameters themselves, since they answer in their own words if one is wrong.
    private static OpenApiSchema? SchemaOf(string parameter) => parameter switch
    {
        "limit" => new() { Type = JsonSchemaType.Integer, Minimum = "1", Maximum = $"{Paging.MaxLimit}", Default = Paging.DefaultLimit },
        "offset" => new() { Type = JsonSchemaType.Integer, Minimum = "0", Default = 0 },
        "student" => new() { Type = JsonSchemaType.String, Enum = ["distilled", "withoutTeacher"], Default = "distilled" },
        _ => null,
    };

    private static OpenApiParameter HeaderParameter(string name, string description) => new()
    {
        Name = name,
        In = ParameterLocation.Header,
        Description = description,
        Schema = new OpenApiSchema { Type = JsonSchemaType.String },
    };

    private static OpenApiResponse? ResponseOf(OpenApiOperation operation, string status) => operation.Responses!.GetValueOrDefault(status) as OpenApiResponse;

    private static void AddHeader(OpenApiResponse response, string name, string description) =>
        (response.Headers ??= new Dictionary<string, IOpenApiHeader>())[name] =
            new OpenApiHeader { Description = description, Required = true, Schema = new OpenApiSchema { Type = JsonSchemaType.String } };
}
