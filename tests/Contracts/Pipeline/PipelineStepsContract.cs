using System.Text.Json;
using Distil.Core;
using Distil.Core.Artifacts;
using Distil.Core.Errors;
using Distil.Core.Jobs;
using Distil.Core.Pipeline;

namespace Distil.Contracts.Pipeline;

/// <summary>What every host must do with a pipeline's steps: activities and sub-pipelines, their answers and their failures.</summary>
public abstract class PipelineStepsContract
{
    private readonly PipelineScript _script = new();

    /// <summary>Starts a host.</summary>
    internal abstract Task<IScriptHost> StartAsync(PipelineScript script);

    [Fact]
    public async Task Inputs_and_answers_keep_their_types()
    {
        var sent = new Sample("é \"x\"", long.MaxValue, DateTimeOffset.UnixEpoch.AddTicks(7), FailureClass.OutOfMemory, [1.5, double.Epsilon]);
        sent = sent with { Inner = sent };
        var echo = _script.Activity<Sample, Sample>("echo", Task.FromResult);
        _script.Pipeline<Sample, Sample>("part", (run, input) => run.CallActivityAsync(echo, input));

        var answer = await RunAsync(run => run.CallSubPipelineAsync<Sample, Sample>("part", "part", sent));

        Assert.Equal(JsonSerializer.Serialize(sent, DistilJson.Options), JsonSerializer.Serialize(answer, DistilJson.Options));
        Assert.Single(_script.Calls);
    }

    [Theory]
    [InlineData(40_000)]
    [InlineData(700_000)]
    public async Task Inputs_and_answers_of_any_size_that_a_plan_may_have_come_back_whole(int characters)
    {
        var (sent, change) = (new string('a', characters), _script.Activity<string, string>("change", text => Task.FromResult(text.Replace('a', 'b'))));
        _script.Pipeline<string, string>("part", (run, input) => run.CallActivityAsync(change, input));

        Assert.Equal(sent.Replace('a', 'b'), await RunAsync(run => run.CallSubPipelineAsync<string, string>("part", "part", sent)));
    }

    [Fact]
    public async Task Calls_run_at_once_and_their_answers_come_back_in_the_order_of_the_calls()
    {
        var second = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var number = _script.Activity<int, int>("number", async number =>
        {
            await (number == 1 ? second.Task : Task.CompletedTask);
            _ = number == 2 && second.TrySetResult();
            return 10 * number;
        });
        _script.Pipeline<int, int>("part", (run, input) => run.CallActivityAsync(number, input));

        var answers = await RunAsync(run => Task.WhenAll(
            run.CallActivityAsync(number, 1), run.CallSubPipelineAsync<int, int>("part", "part", 2), run.CallActivityAsync(number, 3)));

        Assert.Equal([10, 20, 30], answers);
    }

    [Fact]
    public async Task An_activity_that_fails_is_called_again_until_it_succeeds()
    {
        var flaky = _script.Activity<string, int>(
            "flaky", _ => _script.Calls.Count < 3 ? throw new IOException("storage is away") : Task.FromResult(7), attempts: 3);

        Assert.Equal(7, await RunAsync(run => run.CallActivityAsync(flaky, "x")));
        Assert.Equal(["flaky \"x\"", "flaky \"x\"", "flaky \"x\""], _script.Calls);
    }

    [Fact]
    public async Task An_activity_that_fails_at_every_attempt_is_a_failed_step_with_its_last_error()
    {
        var broken = _script.Activity<string, int>("broken", _ => throw new IOException($"error {_script.Calls.Count}"), attempts: 3);

        var failed = await RunAsync(run => CatchAsync(() => run.CallActivityAsync(broken, "x")));

        Assert.Equal(("broken: broken: error 3", FailureClass.Transient, "broken: error 3"), (failed.Message, failed.Failure.Class, failed.Failure.Message));
        Assert.Contains(nameof(IOException), failed.Failure.Detail, StringComparison.Ordinal);
        Assert.Equal(3, _script.Calls.Count);
    }

    [Fact]
    public async Task Invalid_input_is_a_failed_step_after_one_call()
    {
        var strict = Strict();

        var failed = await RunAsync(run => CatchAsync(() => run.CallActivityAsync(strict, "x")));

        Assert.Equal(new Failed("strict: config.json is missing", new JobFailure(FailureClass.InvalidInput, "config.json is missing")), failed);
        Assert.Single(_script.Calls);
    }

    [Fact]
    public async Task A_failed_step_that_a_sub_pipeline_does_not_catch_fails_its_parents_step_with_the_same_failure()
    {
        var strict = Strict();
        _script.Pipeline<string, int>("inner", (run, input) => run.CallActivityAsync(strict, input));
        _script.Pipeline<string, int>("outer", (run, input) => run.CallSubPipelineAsync<string, int>("b", "inner", input));

        var failed = await RunAsync(run => CatchAsync(() => run.CallSubPipelineAsync<string, int>("a", "outer", "x")));

        Assert.Equal(new Failed("a: config.json is missing", new JobFailure(FailureClass.InvalidInput, "config.json is missing")), failed);
        Assert.Single(_script.Calls);
    }

    [Fact]
    public async Task A_pipeline_continues_after_a_failed_step_that_it_catches()
    {
        var (strict, echo) = (Strict(), _script.Activity<int, int>("echo", Task.FromResult));

        var answer = await RunAsync(async run =>
        {
            await CatchAsync(() => run.CallActivityAsync(strict, "x"));
            return await run.CallActivityAsync(echo, 5);
        });

        Assert.Equal(5, answer);
    }

    [Fact]
    public async Task Sub_pipelines_know_the_run_and_have_names_of_their_own_under_each_parent()
    {
        var met = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var meet = _script.Activity<string, string>("meet", async input =>
        {
            _ = _script.Calls.Count == 2 && met.TrySetResult();
            await met.Task;
            return input;
        });
        _script.Pipeline<string, string>("inner", (run, input) => run.CallActivityAsync(meet, $"{run.RunId} {input}"));
        _script.Pipeline<string, string>("outer", (run, input) => run.CallSubPipelineAsync<string, string>("same-name", "inner", $"{run.RunId} {input}"));

        var answers = await RunAsync(run => Task.WhenAll(
            run.CallSubPipelineAsync<string, string>("a", "outer", $"{run.RunId} 1"),
            run.CallSubPipelineAsync<string, string>("b", "outer", $"{run.RunId} 2")));

        Assert.Equal(["run run run 1", "run run run 2"], answers);
    }

    [Theory]
    [InlineData("""{ "version": 1 }""", 1)]
    [InlineData("""{ "version": 4, "field": "of the future" }""", 4)]
    [InlineData("""{ "version": 2 }""", 2)]
    [InlineData("{ }", 1)] // the first had no number
    public async Task An_input_of_another_version_is_refused_and_no_activity_is_called(string input, int version)
    {
        var echo = _script.Activity<int, int>("echo", Task.FromResult);
        _script.Pipeline<Versioned, int>(PipelineScript.Root, (run, _) => run.CallActivityAsync(echo, 1));
        await using var host = await StartAsync(_script);
        await host.BeginAsync(JsonElement.Parse(input));

        var message = $"run: the pipeline's input: version is {version}, expected 3: another version of distil wrote it; use that one, or a new run";
        Assert.Equal(new JobFailure(FailureClass.InvalidInput, message), await host.RefusalAsync());
        Assert.Empty(_script.Calls);
    }

    private async Task<TOutput> RunAsync<TOutput>(Func<IPipelineContext, Task<TOutput>> pipeline)
    {
        _script.Pipeline<string, TOutput>(PipelineScript.Root, (run, _) => pipeline(run));
        await using var host = await StartAsync(_script);
        await host.BeginAsync(JsonSerializer.SerializeToElement("begin"));
        return (await host.EndAsync()).Deserialize<TOutput>(DistilJson.Options)!;
    }

    private ActivityName<string, int> Strict() =>
        _script.Activity<string, int>("strict", _ => throw new InvalidInputException("config.json is missing"), attempts: 3);

    private static async Task<Failed> CatchAsync(Func<Task> step) =>
        await Assert.ThrowsAsync<PipelineStepException>(step) is var failed ? new Failed(failed.Message, failed.Failure) : throw failed;

    private sealed record Sample(string Text, long Number, DateTimeOffset At, FailureClass Class, IReadOnlyList<double> Values, Sample? Inner = null);

    private sealed record Failed(string Message, JobFailure Failure);

    private sealed record Versioned : IPipelineDocument
    {
        public int Version { get; init; }
    }
}
