using System.Text.Json.Nodes;
using Distil.Azure.ResourceManager;
using Distil.Azure.Tests.ResourceManager;
using Distil.Core.Artifacts.Kinds;
using static Distil.Azure.Tests.ContainerApps.LocalJobs;

namespace Distil.Azure.Tests.ContainerApps;

/// <summary>How an execution is started.</summary>
public sealed class ContainerAppJobRunnerStartTests : IAsyncLifetime
{
    private const string Job = """
            {"name":"caj-gpu","properties":{"configuration":{"replicaTimeout":86400},"template":{"containers":[{
              "name":"trainer","image":"cr.azurecr.io/trainer:1","command":["dotnet"],"args":["work"],
              "env":[{"name":"AZURE_CLIENT_ID","value":"c"},{"name":"HF_TOKEN","secretRef":"hf"}],
              "resources":{"cpu":24,"memory":"220Gi","ephemeralStorage":"8Gi"},"probes":[],"volumeMounts":[]}]}}}
            """;

    private static readonly Uri Request = new("https://account.blob.core.windows.net/distil/runs/r/jobs/train-001/request.json");
    private static readonly Answer Started = new(200, """{"id":"…","name":"caj-gpu-abc"}""");

    private LocalJobs _jobs = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _jobs = await LocalJobs.StartAsync();

    public ValueTask DisposeAsync() => _jobs.DisposeAsync();

    [Fact]
    public async Task Sends_the_whole_template_again_with_the_request_added()
    {
        _jobs.Server.On($"GET {Gpu}", new Answer(200, Job));
        _jobs.Server.On($"POST {Gpu}/start", Started);

        Assert.Equal(Execution, await _jobs.Runner().StartAsync(JobKind.Train, Request, isFirst: false, Cancel));

        var expected = """
            {"containers":[{
              "name":"trainer","image":"cr.azurecr.io/trainer:1","command":["dotnet"],"args":["work",
              "https://account.blob.core.windows.net/distil/runs/r/jobs/train-001/request.json"],
              "env":[{"name":"AZURE_CLIENT_ID","value":"c"},{"name":"HF_TOKEN","secretRef":"hf"}],
              "resources":{"cpu":24,"memory":"220Gi"}}]}
            """;
        var sent = _jobs.Server.Requests.Single(request => request.What == $"POST {Gpu}/start");
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), JsonNode.Parse(sent.Body)), sent.Body);
        Assert.All(_jobs.Server.Requests, request => Assert.Equal("?api-version=2025-07-01", request.Query));
    }

    [Theory]
    [InlineData(500)]
    [InlineData(Answer.Drop)]
    public async Task A_start_whose_answer_was_lost_is_looked_for_before_another(int status)
    {
        _jobs.Server.On($"GET {Gpu}", new Answer(200, Job));
        _jobs.Server.On($"GET {Gpu}/executions", Executions(), Executions(("caj-gpu-abc", "Processing", Request.AbsoluteUri)));
        _jobs.Server.On($"POST {Gpu}/start", new Answer(status));

        Assert.Equal(Execution, await _jobs.Runner().StartAsync(JobKind.Train, Request, isFirst: false, Cancel));

        Assert.Equal(1, _jobs.Server.Count($"POST {Gpu}/start"));
    }

    [Fact]
    public async Task First_starts_search_for_nothing_and_read_the_job_once_a_minute()
    {
        _jobs.Server.On($"GET {Gpu}", new Answer(200, Job));
        _jobs.Server.On($"POST {Gpu}/start", Started);
        var runner = _jobs.Runner();
        for (var job = 0; job < 3; job++)
        {
            await runner.StartAsync(JobKind.Teach, Request, isFirst: true, Cancel);
        }

        Assert.Equal((1, 0, 3), (_jobs.Server.Count($"GET {Gpu}"), _jobs.Server.Count($"GET {Gpu}/executions"), _jobs.Server.Count($"POST {Gpu}/start")));
        await Task.Delay(TimeSpan.FromMinutes(1), _jobs.Time, Cancel);
        await runner.StartAsync(JobKind.Teach, Request, isFirst: true, Cancel);
        Assert.Equal(2, _jobs.Server.Count($"GET {Gpu}"));
    }

    [Fact]
    public async Task A_first_start_whose_answer_was_lost_is_looked_for_before_another()
    {
        _jobs.Server.On($"GET {Gpu}", new Answer(200, Job));
        _jobs.Server.On($"GET {Gpu}/executions", Executions(("caj-gpu-abc", "Processing", Request.AbsoluteUri)));
        _jobs.Server.On($"POST {Gpu}/start", new Answer(Answer.Drop));

        Assert.Equal(Execution, await _jobs.Runner().StartAsync(JobKind.Train, Request, isFirst: true, Cancel));

        Assert.Equal(1, _jobs.Server.Count($"POST {Gpu}/start"));
    }

    [Fact]
    public async Task Starts_that_go_on_failing_are_an_error()
    {
        _jobs.Server.On($"GET {Gpu}", new Answer(200, Job));
        _jobs.Server.On($"POST {Gpu}/start", new Answer(503));

        await Assert.ThrowsAsync<ResourceManagerException>(() => _jobs.Runner().StartAsync(JobKind.Train, Request, isFirst: false, Cancel));

        Assert.Equal(3, _jobs.Server.Count($"POST {Gpu}/start"));
    }

    [Theory]
    [InlineData(JobKind.Prepare, Cpu)]
    [InlineData(JobKind.Teach, Gpu)]
    [InlineData(JobKind.Train, Gpu)]
    [InlineData(JobKind.Evaluate, Gpu)]
    [InlineData(JobKind.Export, Gpu)]
    public async Task Text_is_prepared_without_a_gpu(JobKind kind, string job)
    {
        _jobs.Server.On($"GET {job}", new Answer(200, Job));
        _jobs.Server.On($"POST {job}/start", Started);

        Assert.StartsWith($"{job}/executions/", await _jobs.Runner().StartAsync(kind, Request, isFirst: false, Cancel));
    }

    [Fact]
    public async Task A_start_that_takes_its_time_is_awaited()
    {
        _jobs.Server.On($"GET {Gpu}", new Answer(200, Job));
        _jobs.Server.On($"POST {Gpu}/start", new Answer(202, "", ("Location", "{endpoint}/operations/7"), ("Retry-After", "20")));
        _jobs.Server.On("GET /operations/7", new Answer(202, "", ("Location", "/operations/7"), ("Retry-After", "20")), Started);

        Assert.Equal(Execution, await _jobs.Runner().StartAsync(JobKind.Train, Request, isFirst: false, Cancel));

        Assert.Equal([TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(20)], _jobs.Time.Pauses);
    }

    [Fact]
    public async Task Too_many_starts_and_faults_of_the_service_are_waited_out()
    {
        _jobs.Server.On($"GET {Gpu}", new Answer(500), new Answer(200, Job));
        _jobs.Server.On($"POST {Gpu}/start", new Answer(429, "", ("Retry-After", "0")), new Answer(500), Started);

        Assert.Equal(Execution, await _jobs.Runner().StartAsync(JobKind.Train, Request, isFirst: false, Cancel));

        Assert.Equal(3, _jobs.Server.Count($"POST {Gpu}/start"));
    }

    [Fact]
    public async Task A_job_that_is_not_there_is_named()
    {
        var error = await Assert.ThrowsAsync<ResourceManagerException>(() => _jobs.Runner().StartAsync(JobKind.Train, Request, isFirst: false, Cancel));

        Assert.Equal($"{Gpu} does not exist", error.Message);
    }

    [Theory]
    [InlineData("""{"properties":{"template":{"containers":[]}}}""", "has no container")]
    [InlineData(Job, "did not name the execution")]
    public async Task A_start_that_starts_nothing_is_an_error(string job, string says)
    {
        _jobs.Server.On($"GET {Gpu}", new Answer(200, job));
        _jobs.Server.On($"POST {Gpu}/start", new Answer(200));

        Assert.Contains(says, (await Assert.ThrowsAsync<ResourceManagerException>(() => _jobs.Runner().StartAsync(JobKind.Train, Request, isFirst: false, Cancel))).Message);
    }

    private static Answer Executions(params (string Name, string Status, string Request)[] executions)
    {
        var items = executions.Select(JsonNode (execution) => new JsonObject
        {
            ["name"] = execution.Name,
            ["properties"] = new JsonObject
            {
                ["status"] = execution.Status,
                ["template"] = new JsonObject { ["containers"] = new JsonArray(new JsonObject { ["args"] = new JsonArray("work", execution.Request) }) },
            },
        });
        return new Answer(200, new JsonObject { ["value"] = new JsonArray([.. items]) }.ToJsonString());
    }
}
