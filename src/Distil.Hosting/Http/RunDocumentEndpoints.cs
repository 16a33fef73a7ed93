using System.Net.Mime;
using Distil.Core.Api;
using Distil.Core.Api.Documents;
using Distil.Core.Artifacts;
using Distil.Core.Documents.Reports;
using Distil.Core.Runs;
using Distil.Core.Specification;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Net.Http.Headers;
using static Distil.Hosting.Http.Answers;

namespace Distil.Hosting.Http;

/// <summary>The documents and files of a run, as ASP.NET endpoints; as with <see cref="RunEndpoints"/>, this is their description.</summary>
/// <param name="api">The operations.</param>
public sealed class RunDocumentEndpoints(DistilApi api)
{
    // The report is a page of text from the user's data and a teacher: a browser may show it, and must run nothing in it.
    private const string ReportPolicy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:";

    /// <summary>What happened in the run: each job's tries, ends and failures with their details, in order of time.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="job">Only this job and its later tries.</param>
    /// <param name="cancel">Cancels the call.</param>
    [Problem(404)]
    public Task<Results<Ok<RunHistory>, ProblemHttpResult>> LogAsync(string runId, string? job, CancellationToken cancel) =>
        OkAsync(() => api.LogAsync(runId, job, cancel));

    /// <summary>The run's specification, with every default filled in.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="cancel">Cancels the call.</param>
    [Problem(404)]
    public Task<Results<Ok<RunSpec>, ProblemHttpResult>> SpecAsync(string runId, CancellationToken cancel) => OkAsync(() => api.SpecAsync(runId, cancel));

    /// <summary>What the run does: shards, shapes, sizes.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="cancel">Cancels the call.</param>
    [Problem(404)]
    public Task<Results<Ok<RunPlan>, ProblemHttpResult>> PlanAsync(string runId, CancellationToken cancel) => OkAsync(() => api.PlanAsync(runId, cancel));

    /// <summary>Training steps from an offset on; ask again from nextOffset for later ones.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="student">Which student.</param>
    /// <param name="offset">Byte of the log to read from: nextOffset of the previous answer.</param>
    /// <param name="cancel">Cancels the call.</param>
    [Problem(400), Problem(404)]
    public Task<Results<Ok<MetricsPage>, ProblemHttpResult>> MetricsAsync(string runId, string? student, string? offset, CancellationToken cancel) =>
        OkAsync(() => api.MetricsAsync(runId, student, offset, cancel));

    /// <summary>The evaluation after each epoch so far.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="cancel">Cancels the call.</param>
    [Problem(404)]
    public Task<Results<Ok<EpochList>, ProblemHttpResult>> EpochsAsync(string runId, CancellationToken cancel) => OkAsync(() => api.EpochsAsync(runId, cancel));

    /// <summary>The final report: a page, or its numbers if Accept asks for JSON.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="request">Its Accept decides the form.</param>
    /// <param name="cancel">Cancels the call.</param>
    [ProducesResponseType<RunReport>(200, MediaTypeNames.Text.Html, MediaTypeNames.Application.Json), ProducesResponseType(304)]
    [ProducesResponseType<Stream>(206, MediaTypeNames.Text.Html, MediaTypeNames.Application.Json), ProducesResponseType(416), Problem(404)]
    public Task<Results<FileStreamHttpResult, ProblemHttpResult>> ReportAsync(
        string runId, HttpRequest request, CancellationToken cancel) => AnswerAsync(async () =>
    {
        var json = WantsJson(request);
        var report = await api.ReportAsync(runId, json, cancel);
        var response = request.HttpContext.Response;
        (response.Headers.ContentSecurityPolicy, response.Headers.Vary) = (ReportPolicy, "Accept");
        return Stored(report, json ? MediaTypeNames.Application.Json : "text/html; charset=utf-8");
    });

    /// <summary>The run's files, sorted by name.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="limit">Maximum number of files in the page.</param>
    /// <param name="continuationToken">From the previous page; without it, the first page.</param>
    /// <param name="cancel">Cancels the call.</param>
    [Problem(400), Problem(404)]
    public Task<Results<Ok<ArtifactPage>, ProblemHttpResult>> ArtifactsAsync(
        string runId, string? limit, string? continuationToken, CancellationToken cancel) =>
        OkAsync(() => api.ArtifactsAsync(runId, limit, continuationToken, cancel));

    /// <summary>One of the run's files.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="name">The file's name in the run's folder, with its slashes.</param>
    /// <param name="cancel">Cancels the call.</param>
    [ProducesResponseType<Stream>(200, MediaTypeNames.Application.Octet, MediaTypeNames.Application.Json), ProducesResponseType(304)]
    [ProducesResponseType<Stream>(206, MediaTypeNames.Application.Octet, MediaTypeNames.Application.Json), ProducesResponseType(416), Problem(404)]
    public Task<Results<FileStreamHttpResult, ProblemHttpResult>> ArtifactAsync(
        string runId, string name, CancellationToken cancel) => AnswerAsync(async () =>
    {
        var json = name.EndsWith(".json", StringComparison.Ordinal);

        // Always a download: a file from a run must not act as a page of this server.
        return Stored(await api.ArtifactAsync(runId, name, cancel),
            json ? MediaTypeNames.Application.Json : MediaTypeNames.Application.Octet, Path.GetFileName(name));
    });

    /// <summary>The run's model folder, in one archive.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="request">The request: HEAD reads no file of the model.</param>
    /// <param name="cancel">Cancels the call.</param>
    [ProducesResponseType<Stream>(200, ModelArchive.ContentType), Problem(404)]
    public Task<Results<PushStreamHttpResult, ProblemHttpResult>> ModelAsync(
        string runId, HttpRequest request, CancellationToken cancel) => AnswerAsync(async () =>
    {
        var files = await api.ModelFilesAsync(runId, cancel);
        return TypedResults.Stream(
            output => HttpMethods.IsHead(request.Method) ? Task.CompletedTask : ModelArchive.WriteAsync(api, runId, files, output, cancel),
            ModelArchive.ContentType, $"{runId}.tar");
    });

    private static bool WantsJson(HttpRequest request)
    {
        var accept = request.Headers.Accept.ToString();
        return accept.Contains(MediaTypeNames.Application.Json, StringComparison.OrdinalIgnoreCase)
            && !accept.Contains(MediaTypeNames.Text.Html, StringComparison.OrdinalIgnoreCase);
    }

    // The result answers If-None-Match and Range, and HEAD without the content.
    private static FileStreamHttpResult Stored(ArtifactContent file, string contentType, string? downloadName = null) => TypedResults.Stream(
        file.Content, contentType, downloadName, file.ModifiedAt, EntityTagHeaderValue.Parse(file.ETag), enableRangeProcessing: true);
}
