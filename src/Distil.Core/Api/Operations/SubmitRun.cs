using System.Security.Cryptography;
using System.Text;
using Distil.Core.Api.Documents;
using Distil.Core.Api.Requests;
using Distil.Core.Artifacts;
using Distil.Core.Errors;
using Distil.Core.Http;
using Distil.Core.Pipeline;
using Distil.Core.Runs;
using Distil.Core.Runs.Planning;
using Distil.Core.Runs.Reading;
using Distil.Core.Specification;

namespace Distil.Core.Api.Operations;

/// <summary>Creates a run from a specification and schedules it.</summary>
internal sealed class SubmitRun(ArtifactStore store, ApiOptions options, RunPlanner planner)
{
    private readonly RunFolder _runs = new(store);
    private readonly PathRoots _roots = new(options.PathRoots);
    private readonly SemaphoreSlim _planning = new(options.PlanningAtOnce);

    public async Task<SubmittedRun> RunAsync(IRunHost host, string json, string? idempotencyKey, CancellationToken cancel)
    {
        var key = IdempotencyKey.Parse(idempotencyKey);
        var record = key is null ? null : await FindRecordAsync(key, json, cancel);
        var input = record is null ? null : await TryReadAsync(record.RunId, cancel);
        if (input is null)
        {
            var (spec, plan) = await PlanAsync(json, cancel);
            record ??= await RecordAsync(key, json, plan.RunId, cancel);
            input = await CreateAsync(spec, plan with { RunId = record.RunId });
        }

        await host.ScheduleAsync(input, CancellationToken.None);
        return SubmittedRun.Of(input.RunId);
    }

    // From here on the run exists, whether or not its client still listens. Of two submissions with one key, the first one's documents are used.
    private async Task<PipelineInput> CreateAsync(RunSpec spec, RunPlan plan) =>
        await _runs.CreateAsync(spec, plan, CancellationToken.None)
            ? PipelineInput.From(spec, plan)
            : (await TryReadAsync(plan.RunId, CancellationToken.None))!;

    /// <summary>A run that was created before; null if its submission ended halfway.</summary>
    private async Task<PipelineInput?> TryReadAsync(string runId, CancellationToken cancel) =>
        await store.TryReadJsonAsync<RunPlan>(ArtifactLayout.Plan(runId), cancel) is { } plan
            ? PipelineInput.From(await _runs.ReadSpecAsync(runId, cancel), plan)
            : null;

    public async Task<(RunSpec Spec, RunPlan Plan)> PlanAsync(string json, CancellationToken cancel)
    {
        await _planning.WaitAsync(cancel);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(options.PlanningTime);
        try
        {
            var spec = RunSpecReader.Parse(json, "specification", options.BaseFolder);
            _roots.Require(spec);
            var plan = await Task.Run(() => planner.PlanAsync(spec, store, limit.Token), limit.Token).WaitAsync(limit.Token);
            plan.RequireRunnable();
            if (options.Memory is { } memory)
            {
                MemoryNeeded.RequireFit(spec, plan, memory);
            }

            return (spec, plan);
        }
        catch (InvalidInputException wrong)
        {
            throw ApiProblemException.Of(wrong);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new ApiProblemException(
                400, $"the specification cannot be planned within {options.PlanningTime.TotalSeconds:0.#} seconds; expected folders with fewer files, or files that can be read");
        }
        catch (RemoteException away)
        {
            throw new ApiProblemException(502, away.Message);
        }
        finally
        {
            _planning.Release();
        }
    }

    private async Task<IdempotencyRecord> RecordAsync(IdempotencyKey? key, string json, string runId, CancellationToken cancel)
    {
        var record = new IdempotencyRecord(runId, Fingerprint(json));
        if (key is null || await store.TryCreateJsonAsync(ArtifactLayout.Idempotency(key.Hash), record, cancel))
        {
            return record;
        }

        return (await FindRecordAsync(key, json, cancel))!; // another request was first
    }

    private async Task<IdempotencyRecord?> FindRecordAsync(IdempotencyKey key, string json, CancellationToken cancel)
    {
        var record = await store.TryReadJsonAsync<IdempotencyRecord>(ArtifactLayout.Idempotency(key.Hash), cancel);
        return record is null || record.BodySha256 == Fingerprint(json)
            ? record
            : throw new ApiProblemException(
                422, $"Idempotency-Key was used before, for {record.RunId}, with another body; expected the same body or a new key");
    }

    private static string Fingerprint(string json) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(json)));
}
