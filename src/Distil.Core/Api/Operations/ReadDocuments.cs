using Distil.Core.Api.Documents;
using Distil.Core.Artifacts;
using Distil.Core.Documents.Evaluations;
using Distil.Core.Runs;
using Distil.Core.Specification;

namespace Distil.Core.Api.Operations;

/// <summary>Reads the documents of a run: specification, plan, the evaluations of its epochs, the report.</summary>
internal sealed class ReadDocuments(ArtifactStore store)
{
    private readonly ArtifactReader _reader = new(store);
    private readonly RunFolder _runs = new(store);

    public async Task<RunSpec> SpecAsync(string runId, CancellationToken cancel) =>
        await store.TryReadJsonAsync<RunSpec>(ArtifactLayout.Spec(runId), cancel) ?? throw ReadRun.NoSuchRun(runId);

    public async Task<RunPlan> PlanAsync(string runId, CancellationToken cancel) =>
        await store.TryReadJsonAsync<RunPlan>(ArtifactLayout.Plan(runId), cancel) ?? throw ReadRun.NoSuchRun(runId);

    public async Task<EpochList> EpochsAsync(string runId, CancellationToken cancel)
    {
        var plan = await PlanAsync(runId, cancel);
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

        return new EpochList(epochs);

        Task<EvaluationResult?> EvaluationAsync(StudentVariant student, int epoch) =>
            store.TryReadJsonAsync<EvaluationResult>(ArtifactLayout.EpochReport(runId, student, epoch), cancel);
    }

    public async Task<RunHistory> LogAsync(string runId, string? job, CancellationToken cancel)
    {
        _ = await _runs.FindStatusAsync(runId, cancel) ?? throw ReadRun.NoSuchRun(runId);
        return new RunHistory(await new RunLog(store).ReadAsync(runId, job, cancel));
    }

    public async Task<ArtifactContent> ReportAsync(string runId, bool json, CancellationToken cancel)
    {
        if (await _reader.TryOpenAsync(json ? ArtifactLayout.ReportData(runId) : ArtifactLayout.Report(runId), cancel) is { } report)
        {
            return report;
        }

        var status = await _runs.FindStatusAsync(runId, cancel) ?? throw ReadRun.NoSuchRun(runId);
        throw new ApiProblemException(
            404, $"{runId} has no report: it is {DistilJson.Word(status.State)}; a run has one when it has succeeded");
    }
}
