using System.Text.Json.Nodes;

namespace Distil.Azure.ContainerApps;

/// <summary>The body of a request that starts a job. It replaces the job's own template instead of adding to it, so everything is repeated.</summary>
internal static class ExecutionTemplate
{
    // The container fields that a start accepts. The others (probes, mounts, read-only fields) are the job's and are refused here.
    private static readonly string[] Fields = ["name", "image", "command", "args", "env"];
    private static readonly string[] ResourceFields = ["cpu", "memory"];

    /// <summary>Returns the job's template with one more argument to its first container: the request.</summary>
    /// <param name="job">The job, as Resource Manager describes it.</param>
    /// <param name="request">URI of the request.</param>
    /// <returns>Null if the job has no container.</returns>
    public static JsonObject? For(JsonNode job, Uri request)
    {
        var template = job["properties"]?["template"];
        if (template?["containers"] is not JsonArray { Count: > 0 } containers)
        {
            return null;
        }

        var copies = Copies(containers);
        var first = copies[0]!.AsObject();
        var arguments = first["args"] as JsonArray ?? [];
        arguments.Add(request.AbsoluteUri);
        first["args"] = arguments;

        var start = new JsonObject { ["containers"] = copies };
        if (template["initContainers"] is JsonArray { Count: > 0 } before)
        {
            start["initContainers"] = Copies(before);
        }

        return start;
    }

    /// <summary>Whether an execution was started with the result of <see cref="For"/> for the request.</summary>
    public static bool IsFor(JsonNode execution, Uri request) =>
        execution["properties"]?["template"]?["containers"] is JsonArray { Count: > 0 } containers
        && containers[0]!["args"] is JsonArray arguments
        && arguments.Any(argument => argument?.GetValue<string>() == request.AbsoluteUri);

    private static JsonArray Copies(JsonArray containers) => [.. containers.Select(container =>
    {
        var copy = Only(container!, Fields);
        if (container!["resources"] is { } resources)
        {
            copy["resources"] = Only(resources, ResourceFields);
        }

        return (JsonNode)copy;
    })];

    private static JsonObject Only(JsonNode from, string[] fields) =>
        new(fields.Where(field => from[field] is not null).Select(field => KeyValuePair.Create(field, from[field]?.DeepClone())));
}
