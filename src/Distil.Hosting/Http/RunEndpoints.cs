using System.ComponentModel;
using System.Net.Mime;
using Distil.Core.Api;
using Distil.Core.Api.Documents;
using Distil.Core.Api.Requests;
using Distil.Core.Runs;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using static Distil.Hosting.Http.Answers;

namespace Distil.Hosting.Http;

/// <summary>The operations on runs, as ASP.NET endpoints.</summary>
/// <remarks>
/// This is the description of the API: every host serves these methods, and the OpenAPI document is made from their signatures, attributes and comments.
/// Exceptions that are not the request's fault (storage is unreachable, a blob cannot be read) reach the host, which answers with 503 or 500.
/// </remarks>
/// <param name="api">The operations.</param>
/// <param name="options">The host's limits.</param>
public sealed class RunEndpoints(DistilApi api, ApiOptions options)
{
    /// <summary>Starts a run. Sending the same Idempotency-Key again returns the same run and starts none.</summary>
    /// <param name="request">The body is a specification.</param>
    /// <param name="host">Executes the run.</param>
    /// <param name="idempotencyKey">The header.</param>
    /// <param name="cancel">Cancels the call; a run that was created stays.</param>
    [Problem(400), Problem(413), Problem(415), Problem(422), Problem(502)]
    public Task<Results<Accepted<SubmittedRun>, ProblemHttpResult>> SubmitAsync(
        HttpRequest request, IRunHost host,
        [FromHeader(Name = "Idempotency-Key"),
            Description("The client's own name for this submission: 1 to 255 characters of printable ASCII, quoted or bare.")] string? idempotencyKey,
        CancellationToken cancel) => AnswerAsync(async () =>
        {
            var run = await api.SubmitAsync(host, await JsonBody.ReadAsync(request, options.MaxBodyBytes, cancel), idempotencyKey, cancel);
            return TypedResults.Accepted(run.Links.Self, run);
        });

    /// <summary>Plans a run without starting it: what it would take, and where each number comes from.</summary>
    /// <param name="request">The body is a specification.</param>
    /// <param name="cancel">Cancels the call.</param>
    [Problem(400), Problem(413), Problem(415), Problem(502)]
    public Task<Results<Ok<RunPlan>, ProblemHttpResult>> PlanNewAsync(HttpRequest request, CancellationToken cancel) =>
        OkAsync(async () => await api.PlanNewAsync(await JsonBody.ReadAsync(request, options.MaxBodyBytes, cancel), cancel));

    /// <summary>Runs, newest first.</summary>
    /// <param name="name">Only runs whose id contains this, in any case of letters.</param>
    /// <param name="state">Only runs in this state.</param>
    /// <param name="limit">Maximum number of runs in the page.</param>
    /// <param name="continuationToken">From the previous page; without it, the first page.</param>
    /// <param name="cancel">Cancels the call.</param>
    [Problem(400)]
    public Task<Results<Ok<RunPage>, ProblemHttpResult>> ListAsync(
        string? name, string? state, string? limit, string? continuationToken, CancellationToken cancel) =>
        OkAsync(() => api.ListAsync(new RunFilter(name, state), limit, continuationToken, cancel));

    /// <summary>A run's status and the progress of its jobs.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="response">Gets the headers.</param>
    /// <param name="cancel">Cancels the call.</param>
    [ProducesResponseType<RunDetails>(200, MediaTypeNames.Application.Json), ProducesResponseType(304), Problem(404)]
    public Task<Results<FileContentHttpResult, ProblemHttpResult>> ReadAsync(
        string runId, HttpResponse response, CancellationToken cancel) => AnswerAsync(async () =>
    {
        var document = await api.ReadAsync(runId, cancel);
        response.Headers.CacheControl = "no-cache"; // a client may store it, and must ask each time
        return TypedResults.Bytes(document, MediaTypeNames.Application.Json, entityTag: ContentTag.Of(document));
    });

    /// <summary>Cancels a run. Its checkpoints are not deleted.</summary>
    /// <param name="host">Executes the run.</param>
    /// <param name="runId">The run.</param>
    /// <param name="cancel">Cancels the call.</param>
    [Problem(404), Problem(409)]
    public Task<Results<Accepted<SubmittedRun>, ProblemHttpResult>> CancelAsync(
        IRunHost host, string runId, CancellationToken cancel) => AnswerAsync(async () =>
    {
        var run = await api.CancelAsync(host, runId, cancel);
        return TypedResults.Accepted(run.Links.Self, run);
    });

    /// <summary>Lets a run go on that has failed, was cancelled or was interrupted: from its artifacts and its last complete checkpoint.</summary>
    /// <param name="host">Executes the run.</param>
    /// <param name="runId">The run.</param>
    /// <param name="cancel">Cancels the call.</param>
    [Problem(404), Problem(409)]
    public Task<Results<Accepted<SubmittedRun>, ProblemHttpResult>> RetryAsync(
        IRunHost host, string runId, CancellationToken cancel) => AnswerAsync(async () =>
    {
        var run = await api.RetryAsync(host, runId, cancel);
        return TypedResults.Accepted(run.Links.Self, run);
    });

    /// <summary>Deletes a run that has ended, and the datasets and teacher outputs that only it refers to.</summary>
    /// <param name="host">Executes runs.</param>
    /// <param name="runId">The run.</param>
    /// <param name="cancel">Cancels the call before anything is deleted.</param>
    [Problem(404), Problem(409)]
    public Task<Results<Ok<DeletedRun>, ProblemHttpResult>> DeleteAsync(IRunHost host, string runId, CancellationToken cancel) =>
        OkAsync(() => api.DeleteAsync(host, runId, cancel));
}
