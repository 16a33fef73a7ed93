using System.Text;
using Distil.Core.Artifacts;
using Distil.Core.Errors;
using Distil.Core.Jobs;
using Distil.Core.Runs;
using Distil.Core.Tests.Pipeline;

namespace Distil.Core.Tests.Artifacts;

public sealed class DocumentVersionTests : IDisposable
{
    private readonly InMemoryBlobService _service = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _service.Dispose();

    [Theory]
    [InlineData("""{ "version": 2, "weather": { "version": 1 } }""")]
    [InlineData("""{ "weather": { "version": 1 }, "version": 2 }""")]
    public async Task A_document_of_another_version_is_told_as_that_whatever_else_is_in_it(string json)
    {
        _service.Blobs[ArtifactLayout.Plan("a")] = Encoding.UTF8.GetBytes(json);
        var error = await Assert.ThrowsAsync<InvalidInputException>(() => new RunFolder(_service.OpenStore()).ReadPlanAsync("a", Cancel));
        Assert.Equal("runs/a/plan.json: version is 2, expected 1: another version of distil wrote it; use that one, or a new run", error.Message);
    }

    [Theory]
    [InlineData("{}", 1)] // the first version had no number
    [InlineData("""{ "version": 1 }""", 1)]
    [InlineData("""{ "version": 2 }""", 2)] // each request contained the whole specification
    [InlineData("""{ "runId": "a", "version": 4 }""", 4)]
    public async Task What_the_steps_of_a_run_exchange_has_a_version_of_its_own(string json, int version)
    {
        _service.Blobs["request.json"] = Encoding.UTF8.GetBytes(json);
        var error = await Assert.ThrowsAsync<InvalidInputException>(() => _service.OpenStore().ReadJsonAsync<JobRequest>("request.json", Cancel));
        Assert.StartsWith($"request.json: version is {version}, expected {DocumentVersion.Pipeline}: ", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "version": 7 }""", 7)]
    [InlineData("""{ "a": { "version": 7 }, "b": [7], "version": 8 }""", 8)]
    [InlineData("""{ "a": { "version": 7 } }""", null)]
    [InlineData("""{ "version": "7" }""", null)]
    [InlineData("""{ "version": 7.5 }""", null)]
    [InlineData("[7]", null)]
    [InlineData("7", null)]
    [InlineData("{}", null)]
    public void A_version_is_a_whole_number_in_the_document_itself(string json, int? version) =>
        Assert.Equal(version, DocumentVersion.Find(Encoding.UTF8.GetBytes(json)));

    [Fact]
    public async Task A_field_that_is_not_known_is_told_as_that()
    {
        _service.Blobs[ArtifactLayout.Plan("a")] = """{ "version": 1, "weather": 3 }"""u8.ToArray();
        var error = await Assert.ThrowsAsync<ArtifactException>(() => new RunFolder(_service.OpenStore()).ReadPlanAsync("a", Cancel));
        Assert.Contains("weather", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_status_may_say_more_than_is_known()
    {
        _service.Blobs[ArtifactLayout.Status("a")] = """{ "runId": "a", "state": "running", "weather": 3, "startedAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-01T00:00:00Z" }"""u8.ToArray();
        Assert.Equal(RunState.Running, (await new RunFolder(_service.OpenStore()).TryReadStatusAsync("a", Cancel))!.State);
    }

    [Fact]
    public void What_is_written_has_the_version_that_is_read() => Assert.Equal(DocumentVersion.Current, Plans.Of("one", 2).Version);
}
