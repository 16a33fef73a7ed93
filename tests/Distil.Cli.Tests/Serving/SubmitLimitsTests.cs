using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Distil.Core.Api;
using Distil.Core.Api.Documents;

namespace Distil.Cli.Tests.Serving;

/// <summary>Specifications that no plan can be made of: each is the request's fault and costs the server little.</summary>
public sealed class SubmitLimitsTests(SharedAzurite azurite)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Planning_that_takes_too_long_is_refused_and_blocks_no_later_request()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0); // takes connections and never answers
        silent.Start();
        // The later request needs less time, on a busy machine too.
        await using var api = await ServedApi.StartAsync(
            azurite, options: new ApiOptions { PlanningAtOnce = 1, PlanningTime = TimeSpan.FromSeconds(10) });
        var spec = ServedApi.Spec();
        spec["dataset"]!["sources"] = new JsonArray($"http://{silent.LocalEndpoint}/text.txt");
        await ServedApi.ProblemAsync(api.SubmitAsync(spec), 400, "cannot be planned within 10 seconds");
        using var next = await api.SubmitAsync(ServedApi.Spec());
        await ServedApi.ReadAsync<SubmittedRun>(next, 202);
    }

    [Theory]
    [InlineData("/teacher/path", "/teacher", "\"a\\u0000b\"", "path")]
    [InlineData("/dataset/sources/0", "/dataset", "[\"a\\u0000b\"]", "sources")]
    [InlineData("/dataset/evalSources/0", "/dataset", "[\"\\u0000\"]", "evalSources")]
    public async Task A_NUL_in_a_path_is_its_fields_fault(string pointer, string record, string value, string field)
    {
        await using var api = await ServedApi.StartAsync(azurite);
        var spec = ServedApi.Spec();
        spec[record[1..]]![field] = JsonNode.Parse(value);
        var problem = await ServedApi.ProblemAsync(api.SubmitAsync(spec), 400, "NUL");
        Assert.Equal(pointer, Assert.Single(problem.Errors).Pointer);
    }

    [Theory]
    [InlineData("""{ "dataset": { "maxTokens": 9000000000000000000, "shardTokens": 1 } }""")]
    [InlineData("""{ "dataset": { "maxTokens": 9000000000000000000 }, "training": { "epochs": 2147483647 } }""")]
    [InlineData("""{ "training": { "batchSize": 2147483647, "gradientAccumulation": 2147483647, "epochs": 2147483647 } }""")]
    [InlineData("""{ "student": { "blocks": 2147483647 } }""")]
    [InlineData("""{ "student": { "heads": 2147483647, "convKernel": 2147483647 } }""")]
    [InlineData("""{ "teacher": { "keep": { "maxTokens": 2147483647 } } }""")]
    [InlineData("""{ "evaluation": { "maxRows": 2147483647, "sampleTokens": 2147483647 } }""")]
    public async Task The_largest_numbers_are_no_fault_of_the_server(string changes)
    {
        await using var api = await ServedApi.StartAsync(azurite);
        var spec = ServedApi.Spec();
        foreach (var (record, fields) in JsonNode.Parse(changes)!.AsObject())
        {
            var target = (spec[record] ??= new JsonObject()).AsObject();
            foreach (var (name, value) in fields!.AsObject())
            {
                target[name] = value!.DeepClone();
            }
        }

        using var response = await api.SubmitAsync(spec);
        Assert.True((int)response.StatusCode is 202 or 400, $"{(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(Cancel)}");
    }
}
