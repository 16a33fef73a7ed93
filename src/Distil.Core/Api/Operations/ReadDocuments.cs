using System.Text.Json;
using Distil.Core.Api.Documents;
using Distil.Core.Artifacts;
using Distil.Core.Documents.Evaluations;
using Distil.Core.Runs;
using Distil.Core.Specification;

namespace Distil.Core.Api.Operations;

/// <summary>Reads the documents of a run: specification, plan, the evaluations of its epochs, the report.</summary>
internal sealed class ReadDocuments(ArtifactStore store)
{
    /// <summary>The report is a page of text from the user's data and a teacher: it may show, and do nothing.</summary>
    internal const string ReportPolicy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:";

    private readonly ArtifactReader _reader = new(store);
    private readonly RunFolder _runs = new(store);

    public async Task<ApiResponse> SpecAsync(string runId, CancellationToken cancel) =>
        ApiResponse.Json(await store.TryReadJsonAsync<RunSpec>(ArtifactLayout.Spec(runId), cancel) ?? throw ReadRun.NoSuchRun(runId));

    public async Task<ApiResponse> PlanAsync(string runId, CancellationToken cancel) =>
        ApiResponse.Json(await store.TryReadJsonAsync<RunPlan>(ArtifactLayout.Plan(runId), cancel) ?? throw ReadRun.NoSuchRun(runId));

    public async Task<ApiResponse> EpochsAsync(string runId, CancellationToken cancel)
    {
        var plan = await store.TryReadJsonAsync<RunPlan>(ArtifactLayout.Plan(runId), cancel) ?? throw ReadRun.NoSuchRun(runId);
        var epochs = new List<EpochEvaluations>();
        for (var epoch = 0; epoch < plan.Epochs; epoch++)
        {
            var evaluations = new EpochEvaluations(
                epoch, await EvaluationAsync(StudentVariant.Distilled, epoch), await EvaluationAsync(StudentVariant.WithoutTeacher, epoch));
            if (evaluations is { Distilled: null, WithoutTeacher: null })
            {
                break; // epochs are evaluated in order
            }

            epochs.Add(evaluations);
        }

        return ApiResponse.Json(new EpochList(epochs));

        Task<EvaluationResult?> EvaluationAsync(StudentVariant student, int epoch) =>
            store.TryReadJsonAsync<EvaluationResult>(ArtifactLayout.EpochReport(runId, student, epoch), cancel);
    }

    public async Task<ApiResponse> ReportAsync(string runId, string? accept, CancellationToken cancel)
    {
        var numbers = accept is not null && accept.Contains(ApiResponse.JsonType, StringComparison.OrdinalIgnoreCase)
            && !accept.Contains("text/html", StringComparison.OrdinalIgnoreCase);
        var report = await _reader.TryOpenAsync(numbers ? ArtifactLayout.ReportData(runId) : ArtifactLayout.Report(runId), cancel);
        if (report is null)
        {
            var status = await _runs.FindStatusAsync(runId, cancel) ?? throw ReadRun.NoSuchRun(runId);
            throw new ApiProblemException(404, $"{runId} has no report: it is {JsonNamingPolicy.CamelCase.ConvertName(status.State.ToString())}; a run has one when it has succeeded");
        }

        return new ApiResponse
        {
            Status = 200,
            ContentType = numbers ? ApiResponse.JsonType : "text/html; charset=utf-8",
            Content = report.Content,
            Bytes = report.Bytes,
            Headers = new Dictionary<string, string> { ["ETag"] = report.ETag, ["Content-Security-Policy"] = ReportPolicy, ["Vary"] = "Accept" },
        };
    }
}
