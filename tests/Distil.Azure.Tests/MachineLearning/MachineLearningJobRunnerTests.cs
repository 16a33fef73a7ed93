using System.Text.Json.Nodes;
using Distil.Azure.MachineLearning;
using Distil.Azure.ResourceManager;
using Distil.Azure.Tests.ResourceManager;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Jobs;
using static Distil.Azure.Tests.MachineLearning.LocalWorkspace;

namespace Distil.Azure.Tests.MachineLearning;

/// <summary>How jobs are started, judged and stopped, with the service's failures.</summary>
public sealed class MachineLearningJobRunnerTests : IAsyncLifetime
{
    private LocalWorkspace _workspace = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _workspace = await LocalWorkspace.StartAsync();

    public ValueTask DisposeAsync() => _workspace.DisposeAsync();

    [Fact]
    public async Task A_first_start_is_one_request_that_describes_the_whole_job()
    {
        _workspace.Server.On($"PUT {Job}", InState("NotStarted"));

        Assert.Equal(Job, await StartAsync(isFirst: true));

        var sent = Assert.Single(_workspace.Server.Requests);
        Assert.Equal("?api-version=2025-09-01", sent.Query);
        Assert.True(JsonNode.DeepEquals(CommandJob.For(Options, JobKind.Train, Request), JsonNode.Parse(sent.Body)), sent.Body);
        var job = JsonNode.Parse(sent.Body)!["properties"]!;
        Assert.Equal("dotnet /app/Distil.Trainer.dll work \"$DISTIL_REQUEST\"", (string?)job["command"]);
        Assert.Equal(Request.AbsoluteUri, (string?)job["environmentVariables"]!["DISTIL_REQUEST"]);
        Assert.Equal("Standard_ND96isr_H200_v5", (string?)job["resources"]!["instanceType"]);
    }

    [Fact]
    public void A_job_is_named_by_its_request()
    {
        var elsewhere = new Uri("https://other.blob.core.windows.net/distil/runs/r/jobs/train-001/request.json");

        Assert.Matches("^r-train-001-[0-9a-f]{8}$", CommandJob.NameOf(Request, 1));
        Assert.NotEqual(CommandJob.NameOf(Request, 1), CommandJob.NameOf(elsewhere, 1));
        Assert.EndsWith("-2", CommandJob.NameOf(Request, 2));
    }

    [Theory]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(503)]
    [InlineData(Answer.Drop)]
    public async Task A_start_without_an_answer_is_repeated_because_it_cannot_create_two_jobs(int status)
    {
        _workspace.Server.On($"PUT {Job}", new Answer(status), InState("Queued"));

        Assert.Equal(Job, await StartAsync(isFirst: true));

        Assert.Equal(2, _workspace.Server.Count($"PUT {Job}"));
    }

    [Theory]
    [InlineData(400, "UserError")]
    [InlineData(409, "Conflict")]
    public async Task A_job_that_exists_with_another_description_is_found(int status, string code)
    {
        _workspace.Server.On($"PUT {Job}", Refusal(status, code, "A job with this name already exists."));
        _workspace.Server.On($"GET {Job}", InState("Running"));

        Assert.Equal(Job, await StartAsync(isFirst: true));
    }

    [Fact]
    public async Task A_job_that_has_ended_is_followed_by_one_with_the_next_number()
    {
        _workspace.Server.On($"GET {Job}", InState("Failed"));
        _workspace.Server.On($"GET {Job}-2", InState("Canceled"));
        _workspace.Server.On($"PUT {Job}-3", InState("NotStarted"));

        Assert.Equal($"{Job}-3", await StartAsync(isFirst: false));

        Assert.Equal(0, _workspace.Server.Count($"PUT {Job}"));
    }

    [Theory]
    [InlineData(400, "QuotaExceeded", "the region has no quota left for the family standardNDISRH200V5Family")]
    [InlineData(403, "AuthorizationFailed", "the client has no authorization to perform action jobs/write")]
    public async Task A_refusal_is_an_error_with_the_services_words(int status, string code, string message)
    {
        _workspace.Server.On($"PUT {Job}", Refusal(status, code, message));

        var error = await Assert.ThrowsAsync<ResourceManagerException>(() => StartAsync(isFirst: true));

        Assert.Equal($"PUT {Job}: {status} {code}: {message}", error.Message);
    }

    [Fact]
    public async Task A_deleted_workspace_is_named_and_its_jobs_are_unknown()
    {
        Assert.Equal(JobState.Unknown, await _workspace.Runner().PollAsync(Job, Cancel));
        var error = await Assert.ThrowsAsync<ResourceManagerException>(() => StartAsync(isFirst: false));
        Assert.StartsWith($"{LocalWorkspace.Path} does not exist, or does not know ", error.Message);
    }

    [Theory]
    [InlineData("NotStarted", JobState.Running)]
    [InlineData("Queued", JobState.Running)]
    [InlineData("Provisioning", JobState.Running)]
    [InlineData("NotResponding", JobState.Running)]
    [InlineData("CancelRequested", JobState.Running)]
    [InlineData("Finalizing", JobState.Running)]
    [InlineData("Completed", JobState.Ended)]
    [InlineData("Failed", JobState.Ended)]
    [InlineData("Canceled", JobState.Ended)]
    public async Task Says_whether_a_job_has_ended(string status, JobState expected)
    {
        _workspace.Server.On($"GET {Job}", InState(status));

        Assert.Equal(expected, await _workspace.Runner().PollAsync(Job, Cancel));
    }

    [Theory]
    [InlineData("""{"Studio":{"endpoint":"https://ml.azure.com/runs/r?wsid=w"}}""", "https://ml.azure.com/runs/r?wsid=w")]
    [InlineData("{}", $"wsid={LocalWorkspace.Path}")]
    public async Task An_end_is_described_by_its_status_and_the_address_of_its_log(string services, string log)
    {
        _workspace.Server.On($"GET {Job}", new Answer(200, $$$"""{"properties":{"status":"Failed","services":{{{services}}}}}"""));

        var says = await _workspace.Runner().DescribeEndAsync(Job, Cancel);

        Assert.StartsWith("Azure Machine Learning says Failed; its log: https://ml.azure.com/runs/r", says);
        Assert.EndsWith(log, says);
    }

    [Fact]
    public async Task Stopping_waits_until_the_machine_is_given_back()
    {
        _workspace.Server.On($"GET {Job}", InState("Running"), InState("CancelRequested"), InState("CancelRequested"), InState("Canceled"));
        _workspace.Server.On($"POST {Job}/cancel", new Answer(202));

        await _workspace.Runner().StopAsync(Job, Cancel);

        Assert.Equal((1, 4), (_workspace.Server.Count($"POST {Job}/cancel"), _workspace.Server.Count($"GET {Job}")));
    }

    [Theory]
    [InlineData("Completed", true)]
    [InlineData("Running", false)]
    public async Task A_refused_stop_is_an_error_only_if_the_job_goes_on(string after, bool fine)
    {
        _workspace.Server.On($"GET {Job}", InState("Running"), InState(after));
        _workspace.Server.On($"POST {Job}/cancel", Refusal(400, "UserError", "the job has ended"));

        var error = await Record.ExceptionAsync(() => _workspace.Runner().StopAsync(Job, Cancel));

        Assert.Equal(fine, error is null);
    }

    private Task<string> StartAsync(bool isFirst) => _workspace.Runner().StartAsync(JobKind.Train, Request, isFirst, Cancel);
}
