using System.Text;
using Distil.Core.Artifacts;
using Distil.Core.Errors;
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
