using Distil.Core.Endpoints;
using Distil.Core.Errors;
using Distil.Core.Http;
using Distil.Core.Specification;
using Distil.Core.Tests.Models;
using Microsoft.Extensions.Logging.Abstractions;

namespace Distil.Core.Tests.Endpoints;

/// <summary>A server on loopback for the tests of a class, and teachers behind it.</summary>
public abstract class ServedTeacher : IAsyncLifetime
{
    private protected const int Vocabulary = TinyTeacher.VocabularySize, MaxTokens = 5;

    private protected static readonly int[] Row = [7, 200, 3, 3, 250, 11];

    private protected TemporaryFolder Folder { get; } = new();

    private protected LocalTeacher Server { get; private set; } = null!;

    private protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync() => Server = await LocalTeacher.StartAsync(Vocabulary);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        Folder.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected Task<InvalidInputException> WrongAsync(EndpointApi api = EndpointApi.Vllm) =>
        Assert.ThrowsAsync<InvalidInputException>(() => TeacherOf(api).ScoreAsync(Row, Cancel));

    private protected EndpointTeacher TeacherOf(
        EndpointApi api = EndpointApi.Vllm, string suffix = "", int maxTokens = MaxTokens, int tries = 3, string model = LocalTeacher.Model, string keys = "")
    {
        var endpoint = new EndpointSpec { Url = Server.Url + suffix, Model = model, Api = api };
        var http = new ResilientHttp(
            new RetryOptions { Tries = tries, Pause = TimeSpan.FromMilliseconds(1), MaxWait = TimeSpan.FromMinutes(1) }, TimeProvider.System, NullLogger.Instance);
        return new EndpointTeacher(endpoint, new EndpointHttp(endpoint, http, EndpointKeys.Parse(keys)), Vocabulary, maxTokens);
    }
}
