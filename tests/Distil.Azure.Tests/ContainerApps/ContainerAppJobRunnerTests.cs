using System.Text.Json.Nodes;
using Distil.Azure.ContainerApps;
using Distil.Azure.ResourceManager;
using Distil.Azure.Tests.ResourceManager;
using Distil.Core.Jobs;

namespace Distil.Azure.Tests.ContainerApps;

public sealed class ContainerAppJobRunnerTests : IAsyncLifetime
{
    private const string
        Gpu = "/subscriptions/s/resourceGroups/g/providers/Microsoft.App/jobs/caj-gpu",
        Cpu = "/subscriptions/s/resourceGroups/g/providers/Microsoft.App/jobs/caj-cpu",
        Execution = $"{Gpu}/executions/caj-gpu-abc",
        Job = """
            {"name":"caj-gpu","properties":{"configuration":{"replicaTimeout":86400},"template":{"containers":[{
              "name":"trainer","image":"cr.azurecr.io/trainer:1","command":["dotnet"],"args":["work"],
              "env":[{"name":"AZURE_CLIENT_ID","value":"c"},{"name":"HF_TOKEN","secretRef":"hf"}],
              "resources":{"cpu":24,"memory":"220Gi","ephemeralStorage":"8Gi"},"probes":[],"volumeMounts":[]}]}}}
            """;

    private static readonly Uri Request = new("https://account.blob.core.windows.net/distil/runs/r/jobs/train-001/request.json");
    private static readonly Answer Started = new(200, """{"id":"…","name":"caj-gpu-abc"}""");

    private readonly ImpatientTime time = new();
    private readonly HttpClient http = new();
    private LocalResourceManager server = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => server = await LocalResourceManager.StartAsync();

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task Sends_the_whole_template_again_with_the_request_added()
    {
        server.On($"GET {Gpu}", new Answer(200, Job));
        server.On($"POST {Gpu}/start", Started);

        Assert.Equal(Execution, await Runner().StartAsync(Request, Cancel));

        var expected = """
            {"containers":[{
              "name":"trainer","image":"cr.azurecr.io/trainer:1","command":["dotnet"],"args":["work",
              "https://account.blob.core.windows.net/distil/runs/r/jobs/train-001/request.json"],
              "env":[{"name":"AZURE_CLIENT_ID","value":"c"},{"name":"HF_TOKEN","secretRef":"hf"}],
              "resources":{"cpu":24,"memory":"220Gi"}}]}
            """;
        var sent = server.Requests.Single(request => request.What == $"POST {Gpu}/start");
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), JsonNode.Parse(sent.Body)), sent.Body);
        Assert.All(server.Requests, request => Assert.Equal("?api-version=2025-07-01", request.Query));
    }

    [Fact]
    public async Task An_execution_at_work_on_the_request_is_not_started_again()
    {
        server.On($"GET {Gpu}", new Answer(200, Job));
        server.On($"GET {Gpu}/executions", Executions(("other", "Running", "https://other"), ("ended", "Failed", Request.AbsoluteUri)));
        server.On($"POST {Gpu}/start", Started);
        Assert.Equal(Execution, await Runner().StartAsync(Request, Cancel));

        server.On($"GET {Gpu}/executions", Executions(("caj-gpu-old", "Running", Request.AbsoluteUri)));
        Assert.Equal($"{Gpu}/executions/caj-gpu-old", await Runner().StartAsync(Request, Cancel));

        Assert.Equal(1, server.Count($"POST {Gpu}/start"));
    }

    [Theory]
    [InlineData(500)]
    [InlineData(Answer.Drop)]
    public async Task A_start_whose_answer_was_lost_is_looked_for_before_another(int status)
    {
        server.On($"GET {Gpu}", new Answer(200, Job));
        server.On($"GET {Gpu}/executions", Executions(), Executions(("caj-gpu-abc", "Processing", Request.AbsoluteUri)));
        server.On($"POST {Gpu}/start", new Answer(status));

        Assert.Equal(Execution, await Runner().StartAsync(Request, Cancel));

        Assert.Equal(1, server.Count($"POST {Gpu}/start"));
    }

    [Fact]
    public async Task Starts_that_go_on_failing_are_an_error()
    {
        server.On($"GET {Gpu}", new Answer(200, Job));
        server.On($"POST {Gpu}/start", new Answer(503));

        await Assert.ThrowsAsync<ResourceManagerException>(() => Runner().StartAsync(Request, Cancel));

        Assert.Equal(3, server.Count($"POST {Gpu}/start"));
    }

    [Theory]
    [InlineData(JobKind.Prepare, Cpu)]
    [InlineData(JobKind.Teach, Gpu)]
    [InlineData(JobKind.Train, Gpu)]
    [InlineData(JobKind.Evaluate, Gpu)]
    [InlineData(JobKind.Export, Gpu)]
    public async Task Text_is_prepared_without_a_gpu(JobKind kind, string job)
    {
        server.On($"GET {job}", new Answer(200, Job));
        server.On($"POST {job}/start", Started);

        Assert.StartsWith($"{job}/executions/", await Runner(kind).StartAsync(Request, Cancel));
    }

    [Fact]
    public async Task A_start_that_takes_its_time_is_awaited()
    {
        server.On($"GET {Gpu}", new Answer(200, Job));
        server.On($"POST {Gpu}/start", new Answer(202, "", ("Location", "{endpoint}/operations/7"), ("Retry-After", "20")));
        server.On("GET /operations/7", new Answer(202, "", ("Location", "/operations/7"), ("Retry-After", "20")), Started);

        Assert.Equal(Execution, await Runner().StartAsync(Request, Cancel));

        Assert.Equal([TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(20)], time.Pauses);
    }

    [Fact]
    public async Task Too_many_starts_and_faults_of_the_service_are_waited_out()
    {
        server.On($"GET {Gpu}", new Answer(500), new Answer(200, Job));
        server.On($"POST {Gpu}/start", new Answer(429, "", ("Retry-After", "60")), new Answer(500), Started);

        Assert.Equal(Execution, await Runner().StartAsync(Request, Cancel));

        Assert.Equal(3, server.Count($"POST {Gpu}/start"));
        Assert.Contains(TimeSpan.FromSeconds(60), time.Pauses);
    }

    [Fact]
    public async Task A_job_that_is_not_there_is_named()
    {
        var error = await Assert.ThrowsAsync<ResourceManagerException>(() => Runner().StartAsync(Request, Cancel));

        Assert.Equal($"{Gpu} does not exist", error.Message);
    }

    [Theory]
    [InlineData("""{"properties":{"template":{"containers":[]}}}""", "has no container")]
    [InlineData(Job, "did not name the execution")]
    public async Task A_start_that_starts_nothing_is_an_error(string job, string says)
    {
        server.On($"GET {Gpu}", new Answer(200, job));
        server.On($"POST {Gpu}/start", new Answer(200));

        Assert.Contains(says, (await Assert.ThrowsAsync<ResourceManagerException>(() => Runner().StartAsync(Request, Cancel))).Message);
    }

    [Theory]
    [InlineData("Running", JobState.Running)]
    [InlineData("Processing", JobState.Running)]
    [InlineData("Unknown", JobState.Running)]
    [InlineData("Degraded", JobState.Running)]
    [InlineData("Succeeded", JobState.Ended)]
    [InlineData("Failed", JobState.Ended)]
    [InlineData("Stopped", JobState.Ended)]
    public async Task Says_whether_an_execution_has_ended(string status, JobState expected)
    {
        server.On($"GET {Execution}", Answer.Execution(status));

        Assert.Equal(expected, await Runner().PollAsync(Execution, Cancel));
    }

    [Theory]
    [InlineData("")]
    [InlineData($"{Gpu}/executions/forgotten")]
    public async Task An_execution_that_the_platform_forgot_is_unknown(string handle) =>
        Assert.Equal(JobState.Unknown, await Runner().PollAsync(handle, Cancel));

    [Fact]
    public async Task Stopping_returns_when_the_execution_is_gone()
    {
        server.On($"GET {Execution}", Answer.Execution("Running"), Answer.Execution("Running"), Answer.Execution("Running"), Answer.Execution("Stopped"));
        server.On($"POST {Execution}/stop", new Answer(202));

        await Runner().StopAsync(Execution, Cancel);

        Assert.Equal(1, server.Count($"POST {Execution}/stop"));
        Assert.Equal(4, server.Count($"GET {Execution}"));
    }

    [Fact]
    public async Task An_execution_that_does_not_stop_is_an_error()
    {
        server.On($"GET {Execution}", Answer.Execution("Running"));
        server.On($"POST {Execution}/stop", new Answer(200));

        var error = await Assert.ThrowsAsync<ResourceManagerException>(() => Runner().StopAsync(Execution, Cancel));

        Assert.Equal($"{Execution} is still running 00:10:00 after it was told to stop", error.Message);
    }

    [Theory]
    [InlineData("Succeeded")]
    [InlineData(null)]
    public async Task What_has_ended_is_not_stopped(string? status)
    {
        if (status is not null)
            server.On($"GET {Execution}", Answer.Execution(status));

        await Runner().StopAsync(Execution, Cancel);

        Assert.Equal(0, server.Count($"POST {Execution}/stop"));
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

    private ContainerAppJobRunner Runner(JobKind kind = JobKind.Train)
    {
        var client = new ResourceManagerClient(http, new StaticCredential(), new ResourceManagerOptions { Endpoint = server.Endpoint }, time);
        return new ContainerAppJobRunner(client, new ContainerAppJobOptions { GpuJob = Gpu, CpuJob = Cpu }, (_, _) => Task.FromResult(kind), time);
    }
}
