using Distil.Core.Api.Documents;
using Distil.Core.Artifacts;

namespace Distil.Cli.Tests.Serving;

public sealed class IdempotencyTests(SharedAzurite azurite)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Concurrent_submissions_with_one_key_make_one_run()
    {
        await using var api = await ServedApi.StartAsync(azurite);
        var ids = await Task.WhenAll(Enumerable.Range(0, 20).Select(async i =>
        {
            using var response = await api.SubmitAsync(ServedApi.Spec(), i % 2 == 0 ? "\"one\"" : "one"); // quoted or bare
            return (await ServedApi.ReadAsync<SubmittedRun>(response, 202)).RunId;
        }));

        var run = Assert.Single(ids.Distinct());
        Assert.Equal([run], await api.Runs.ListIdsAsync(Cancel));
        Assert.All(api.Host.Scheduled, input => Assert.Equal(run, input.RunId));
    }

    [Fact]
    public async Task Submissions_without_a_key_or_with_another_are_other_runs()
    {
        await using var api = await ServedApi.StartAsync(azurite);
        foreach (var key in (string?[])[null, null, "a", "b"])
        {
            using var response = await api.SubmitAsync(ServedApi.Spec(), key);
            await ServedApi.ReadAsync<SubmittedRun>(response, 202);
        }

        Assert.Equal(4, (await api.Runs.ListIdsAsync(Cancel)).Count);
    }

    [Fact]
    public async Task A_key_with_another_body_is_refused()
    {
        await using var api = await ServedApi.StartAsync(azurite);
        using (var first = await api.SubmitAsync(ServedApi.Spec("first"), "key"))
        {
            await ServedApi.ReadAsync<SubmittedRun>(first, 202);
        }

        await ServedApi.ProblemAsync(api.SubmitAsync(ServedApi.Spec("second"), "key"), 422, "Idempotency-Key", "another body");
    }

    [Fact]
    public async Task A_key_is_not_used_up_by_a_specification_that_is_refused()
    {
        await using var api = await ServedApi.StartAsync(azurite);
        await ServedApi.ProblemAsync(api.SubmitAsync(ServedApi.Spec("No Good"), "key"), 400);
        using var corrected = await api.SubmitAsync(ServedApi.Spec("good"), "key");
        await ServedApi.ReadAsync<SubmittedRun>(corrected, 202);
    }

    [Fact]
    public async Task A_submission_that_its_server_did_not_survive_is_finished_by_the_next()
    {
        await using var api = await ServedApi.StartAsync(azurite);
        var run = await SubmitAsync();
        await api.Store.DeleteAsync(ArtifactLayout.Plan(run), Cancel); // as if the server had ended between key and plan
        api.Host.Scheduled.Clear();

        Assert.Equal(run, await SubmitAsync());
        Assert.Equal(run, Assert.Single(api.Host.Scheduled).RunId);
        Assert.Equal(run, (await api.Runs.ReadPlanAsync(run, Cancel)).RunId);

        async Task<string> SubmitAsync()
        {
            using var response = await api.SubmitAsync(ServedApi.Spec(), "key");
            return (await ServedApi.ReadAsync<SubmittedRun>(response, 202)).RunId;
        }
    }

    [Theory]
    [InlineData("\"\"")]
    [InlineData("../../../runs/other/plan")]
    [InlineData("tab\there")]
    public async Task A_key_never_becomes_a_name(string key)
    {
        await using var api = await ServedApi.StartAsync(azurite);
        using var response = await api.SubmitAsync(ServedApi.Spec(), key);
        Assert.Equal(key.Contains('/') ? 202 : 400, (int)response.StatusCode);
        await foreach (var blob in api.Store.ListAsync("idempotency/", Cancel))
        {
            Assert.Matches("^idempotency/[0-9a-f]{64}[.]json$", blob.Name);
        }
    }

    [Fact]
    public async Task A_key_that_is_too_long_is_refused()
    {
        await using var api = await ServedApi.StartAsync(azurite);
        await ServedApi.ProblemAsync(api.SubmitAsync(ServedApi.Spec(), new string('k', 256)), 400, "Idempotency-Key", "256");
    }
}
