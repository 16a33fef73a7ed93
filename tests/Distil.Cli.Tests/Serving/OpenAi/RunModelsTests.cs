using Distil.Cli.Serving.OpenAi;
using Distil.Cli.Tests.Engine;
using Distil.Inference.Scheduling;
using Distil.Inference.Tests.Chat;

namespace Distil.Cli.Tests.Serving.OpenAi;

public sealed class RunModelsTests : IAsyncLifetime
{
    private static readonly TimeSpan IdleTime = TimeSpan.FromMinutes(10);

    private readonly string _folder = ChatStudent.Write();
    private readonly ManualTime _time = new();
    private readonly List<string> _fetched = [];
    private readonly RunModels _models;

    public RunModelsTests() => _models = new(
        (runId, _) =>
        {
            _fetched.Add(runId);
            return Task.FromResult(_folder);
        },
        IdleTime, _time);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _models.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task One_student_is_open_at_a_time_and_requests_for_it_share_it()
    {
        await using (var first = await _models.UseAsync("one", Cancel))
        await using (var second = await _models.UseAsync("one", Cancel))
        {
            Assert.Same(first.Model, second.Model);
            Assert.Equal("one", first.Model.Name);
            Assert.Contains(
                "the student of one is answering", (await Assert.ThrowsAsync<SchedulerBusyException>(() => _models.UseAsync("two", Cancel))).Message, StringComparison.Ordinal);
        }

        await using (await _models.UseAsync("one", Cancel))
        {
        }

        await using (await _models.UseAsync("two", Cancel))
        {
            Assert.Equal("two", _models.OpenRun);
        }

        Assert.Equal(["one", "two"], _fetched);
    }

    [Fact]
    public async Task A_student_that_nobody_uses_is_closed_and_opened_again_when_it_is_asked_for()
    {
        await using (await _models.UseAsync("one", Cancel))
        {
            _time.Advance(IdleTime * 2); // it is in use
        }

        Assert.Equal("one", _models.OpenRun);
        _time.Advance(IdleTime);
        while (_models.OpenRun is not null)
        {
            await Task.Delay(5, Cancel);
        }

        await using (await _models.UseAsync("one", Cancel))
        {
            Assert.Equal(["one", "one"], _fetched);
        }
    }
}
