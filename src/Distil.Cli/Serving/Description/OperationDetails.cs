using Distil.Core.Api;
using Distil.Core.Api.Requests;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Distil.Cli.Serving.Description;

/// <summary>What the routes' types do not say of an operation: ranges of its parameters, headers of its responses, the answers that any request may get.</summary>
internal static class OperationDetails
{
    internal static Task CompleteAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancel)
    {
        operation.Tags = null;
        foreach (var parameter in operation.Parameters?.OfType<OpenApiParameter>() ?? [])
        {
            Complete(parameter);
        }

        if (ResponseOf(operation, "202") is { } accepted)
        {
            AddHeader(accepted, "Location", "Where the run's status is.");
        }

        if (ResponseOf(operation, "304") is not null)
        {
            AddHeader(ResponseOf(operation, "200")!, "ETag", "Changes whenever the answer does.");
        }

        if (operation.OperationId is "getReport" or "getArtifact")
        {
            ResponseOf(operation, "200")!.Content![ApiResponse.JsonType].Schema = new OpenApiSchema { Type = JsonSchemaType.Object };
        }

        operation.Responses!["default"] = new OpenApiResponse
        {
            Description = "401 without the API key, 403 and 421 to other sites' pages, 503 while storage does not answer, 500 otherwise",
            Content = new Dictionary<string, OpenApiMediaType> { [ApiProblem.ContentType] = new() { Schema = new OpenApiSchemaReference(nameof(ApiProblem), context.Document) } },
        };
        return Task.CompletedTask;
    }

    private static void Complete(OpenApiParameter parameter) => (parameter.Description, parameter.Schema) = parameter.Name switch
    {
        "runId" => ("The run.", parameter.Schema),
        "name" => ("The file's name in the run's folder, slashes as they are.", parameter.Schema),
        "limit" => ("Most items of the page.", new OpenApiSchema { Type = JsonSchemaType.Integer, Minimum = "1", Maximum = $"{Paging.MaxLimit}", Default = Paging.UsualLimit }),
        "continuationToken" => ("From the page before; without it, the first page.", parameter.Schema),
        "offset" => ("Byte of the log to read from: nextOffset of the answer before.", new OpenApiSchema { Type = JsonSchemaType.Integer, Minimum = "0", Default = 0 }),
        "student" => ("Which student.", new OpenApiSchema { Type = JsonSchemaType.String, Enum = ["distilled", "withoutTeacher"], Default = "distilled" }),
        "Idempotency-Key" => ("The client's own name for this submission, 1 to 255 of printable ASCII; quoted, as the draft has it, or bare.", parameter.Schema),
        "If-None-Match" => ("An ETag from an answer before.", parameter.Schema),
        _ => (parameter.Description, parameter.Schema),
    };

    private static OpenApiResponse? ResponseOf(OpenApiOperation operation, string status) => operation.Responses!.GetValueOrDefault(status) as OpenApiResponse;

    private static void AddHeader(OpenApiResponse response, string name, string description) =>
        (response.Headers ??= new Dictionary<string, IOpenApiHeader>())[name] =
            new OpenApiHeader { Description = description, Required = true, Schema = new OpenApiSchema { Type = JsonSchemaType.String } };
}
