using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Json.Schema;

namespace Distil.Cli.Tests.Serving;

/// <summary>An OpenAPI document with which real responses are compared.</summary>
internal sealed class OpenApiContract
{
    private readonly JsonNode _document;
    private readonly List<(Regex Path, string Template)> _templates;
    private readonly ConcurrentDictionary<string, JsonSchema> _schemas = new();

    public OpenApiContract(JsonNode document)
    {
        _document = document;
        _templates = [.. document["paths"]!.AsObject().Select(path => (Pattern(path.Key), path.Key)).OrderBy(
            path => path.Key.Count(character => character == '{'))];
    }

    /// <value>Every operation with each of its status codes, for example <c>getRun 304</c>.</value>
    public IEnumerable<string> Answers =>
        from path in _document["paths"]!.AsObject()
        from operation in path.Value!.AsObject()
        from response in operation.Value!["responses"]!.AsObject()
        select $"{operation.Value["operationId"]} {response.Key}";

    /// <summary>Asserts that the document contains the response and that its content matches.</summary>
    /// <returns>The answer as in <see cref="Answers"/>; null for a path that is no operation.</returns>
    public async Task<string?> CheckAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        var request = response.RequestMessage!;
        var template = _templates.FirstOrDefault(each => each.Path.IsMatch(request.RequestUri!.AbsolutePath)).Template;
        if (template is null || _document["paths"]![template]![request.Method.Method.ToLowerInvariant()] is not { } operation)
        {
            return null;
        }

        var status = ((int)response.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture);
        var key = operation["responses"]![status] is not null ? status : "default";
        var answer = operation["responses"]![key]!;
        Assert.True(key != "default"
            || (int)response.StatusCode is 400 or 401 or 403 or 421 or 500 or 503, $"{request} gave {status}, which the document does not have");
        foreach (var header in answer["headers"]?.AsObject() ?? [])
        {
            Assert.True(response.Headers.Contains(header.Key), $"{status} of {template} lacks the header {header.Key}");
        }

        await CheckContentAsync(response, answer["content"]?.AsObject(), $"{operation["operationId"]} {status}", cancel);
        return $"{operation["operationId"]} {key}";
    }

    private async Task CheckContentAsync(HttpResponseMessage response, JsonObject? contents, string name, CancellationToken cancel)
    {
        var type = response.Content.Headers.ContentType?.MediaType;
        if (contents is null || (type is null && (int)response.StatusCode == 400)) // 400 without content is Kestrel's own, for what is not HTTP
        {
            Assert.Empty(await response.Content.ReadAsByteArrayAsync(cancel));
            return;
        }

        Assert.True(type is not null && contents.ContainsKey(type), $"{name} came as {type}, which the document does not have");
        if (!type.EndsWith("json", StringComparison.Ordinal) || contents[type]!["schema"] is not { } schema)
        {
            return;
        }

        await response.Content.LoadIntoBufferAsync(cancel);
        using var content = JsonDocument.Parse(await response.Content.ReadAsStringAsync(cancel));
        var result = _schemas.GetOrAdd(schema.ToJsonString(), Compile).Evaluate(
            content.RootElement, new EvaluationOptions { OutputFormat = OutputFormat.List });
        Assert.True(result.IsValid, $"{name} is not as the document says: {string.Join("; ", (result.Details ?? []).Where(each => each.Errors is not null).Select(each => $"{each.InstanceLocation} {string.Join(", ", each.Errors!.Values)}"))}");
    }

    private JsonSchema Compile(string schema)
    {
        var whole = JsonNode.Parse(schema)!.AsObject();
        whole["$defs"] = _document["components"]!["schemas"]!.DeepClone();
        return JsonSchema.FromText(whole.ToJsonString().Replace("#/components/schemas/", "#/$defs/", StringComparison.Ordinal));
    }

    private static Regex Pattern(string template) => new($"^{Regex.Replace(template, "{name}$", ".+").Replace("{runId}", "[^/]+", StringComparison.Ordinal)}$");
}

/// <summary>Compares every response of a client with the document.</summary>
internal sealed class ContractHandler(OpenApiContract contract) : DelegatingHandler(new SocketsHttpHandler())
{
    /// <value>The answers received.</value>
    public ConcurrentDictionary<string, bool> Seen { get; } = new();

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await base.SendAsync(request, cancellationToken);
        if (await contract.CheckAsync(response, cancellationToken) is { } answer)
        {
            Seen[answer] = true;
        }

        return response;
    }
}
