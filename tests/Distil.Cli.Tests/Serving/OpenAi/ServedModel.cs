using Distil.Cli.Serving;
using Distil.Cli.Serving.OpenAi;
using Distil.Inference.Answers;
using Distil.Inference.Scheduling;
using Distil.Inference.Tests.Chat;

namespace Distil.Cli.Tests.Serving.OpenAi;

/// <summary>A random student behind the endpoints, for the tests of a class.</summary>
public sealed class ServedModel : IAsyncLifetime
{
    private StudentModel? _model;
    private ModelServer? _server;

    internal StudentModel Model => _model!;

    internal Uri Url => _server!.Urls[0];

    public async ValueTask InitializeAsync()
    {
        _model = StudentModel.Open(ChatStudent.Write(), new() { Threads = 1 }, new SchedulerOptions { Slots = 4 });
        _server = await StartAsync(_model, null);
    }

    public async ValueTask DisposeAsync()
    {
        await _server!.DisposeAsync();
        await _model!.DisposeAsync();
    }

    internal static Task<ModelServer> StartAsync(StudentModel model, string? apiKey, int maxTokens = 4096) => ModelServer.StartAsync(
        model, new() { MaxTokens = maxTokens }, new ServeOptions { Urls = [new("http://127.0.0.1:0")], ApiKey = apiKey }, TestContext.Current.CancellationToken);
}
