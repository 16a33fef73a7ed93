using System.Text.Json;
using Distil.Core.Errors;
using Distil.Core.Runs.Planning;
using Distil.Core.Runs.Reading;
using Distil.Core.Specification;

namespace Distil.Core.Tests.Runs.Reading;

/// <summary>Specifications with a teacher behind a server.</summary>
public sealed class EndpointChecksTests
{
    [Fact]
    public void A_served_teacher_has_temperature_1_and_no_hidden_states_unless_they_are_set()
    {
        var spec = Read();
        Assert.Equal((1, 1, AlignmentKind.None), (spec.Distillation.Temperature.From, spec.Distillation.Temperature.To, spec.Distillation.Alignment.Kind));
        Assert.Equal((EndpointApi.Vllm, 8), (spec.Teacher.Endpoint!.Api, spec.Teacher.Endpoint.ParallelRequests));
        var stored = JsonSerializer.Serialize(spec, DistilJson.Options);
        Assert.Equal(stored, JsonSerializer.Serialize(RunSpecReader.Parse(stored, "spec.json", "/"), DistilJson.Options));
        Assert.DoesNotContain("endpoint", JsonSerializer.Serialize(spec with { Teacher = spec.Teacher with { Endpoint = null } }, DistilJson.Options), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"mode\": \"online\"", "{}", "teacher.mode is online and teacher.endpoint is set; expected offline")]
    [InlineData("\"keep\": { \"tailDraws\": 8 }", "{}", "teacher.keep.tailDraws is 8 and teacher.endpoint is set; expected 0")]
    [InlineData("\"keep\": { \"hiddenStates\": true }", "{}", "teacher.keep.hiddenStates is true and teacher.endpoint is set; expected false")]
    [InlineData("\"keep\": { \"highestTemperature\": 2 }", "{}", "teacher.keep.highestTemperature is 2 and teacher.endpoint is set; expected 1")]
    [InlineData("", """{ "temperature": { "from": 2, "to": 1 } }""", "distillation.temperature.from is 2 and teacher.endpoint is set; expected 1")]
    [InlineData("", """{ "temperature": { "from": 1, "to": 0.5 } }""", "distillation.temperature.to is 0.5 and teacher.endpoint is set; expected 1")]
    [InlineData("", """{ "alignment": { "kind": "cosine" } }""", "distillation.alignment.kind is cosine and teacher.endpoint is set; expected none")]
    public void What_a_server_does_not_give_is_an_error(string teacher, string distillation, string message) =>
        Assert.StartsWith(message, Assert.Single(Assert.Throws<InvalidInputException>(() => Read(teacher, distillation)).Errors).Message);

    [Theory]
    [InlineData("gpu7:8000", "is gpu7:8000; expected a server's URL, for instance http://localhost:8000")]
    [InlineData("https://me:hush@host", "is https://host with a user's name or password; expected")]
    [InlineData("https://host/v1?key=hush", "is https://host/v1 with a query; expected a server's URL, for instance http://localhost:8000, and its key in DISTIL_TEACHER_KEYS")]
    public void A_URL_is_the_servers_and_has_no_secret(string url, string message)
    {
        var error = Assert.Throws<InvalidInputException>(() => Read(url: url));
        Assert.StartsWith($"teacher.endpoint.url {message}", Assert.Single(error.Errors).Message);
        Assert.DoesNotContain("hush", error.Message);
    }

    [Fact]
    public void The_models_name_determines_the_outputs_and_how_it_is_asked_does_not()
    {
        var spec = Read();
        string Id(EndpointSpec? endpoint) => Identities.TeacherOutputs(spec with { Teacher = spec.Teacher with { Endpoint = endpoint } }, "dataset", ["weights"]);
        var (id, endpoint) = (Id(spec.Teacher.Endpoint), spec.Teacher.Endpoint!);
        Assert.Equal(id, Id(endpoint with { Url = "https://other", Api = EndpointApi.Sglang, ParallelRequests = 2 }));
        Assert.NotEqual(id, Id(endpoint with { Model = "other" }));
        Assert.NotEqual(id, Id(null));
    }

    private static RunSpec Read(string teacher = "", string distillation = "{}", string url = "http://gpu7:8000") => RunSpecReader.Parse(
        $$"""
        {
          "name": "a", "teacher": { "path": "t", "endpoint": { "url": "{{url}}", "model": "big" }{{(teacher.Length > 0 ? ", " : "")}}{{teacher}} },
          "dataset": { "sources": ["x.txt"] }, "distillation": {{distillation}}
        }
        """, "spec.json", "/");
}
