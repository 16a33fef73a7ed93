using System.Globalization;
using Distil.Core.Jobs;

namespace Distil.Core.Pipeline;

/// <summary>The jobs of some shards that follow each other, one after the other.</summary>
/// <remarks>A stage of many shards hands its shards out in such ranges, so that neither its own history nor a range's grows beyond some hundreds of entries.</remarks>
public static class ShardsPipeline
{
    /// <summary>Its name in the catalogue.</summary>
    public const string Name = "shards";

    /// <summary>Entries of a stage's history that its shards may take up.</summary>
    private const int MaxRanges = 400;

    /// <summary>Does the jobs. The first that is not done ends it.</summary>
    public static async Task<JobOutcome> RunAsync(IPipelineContext run, ShardRange range)
    {
        var (tries, last) = (0, (JobFailure?)null);
        for (var shard = range.First; shard < range.First + range.Count; shard++)
        {
            var order = range.Order with { JobId = JobId(range.Order.Kind, shard), Shard = shard };
            var outcome = await run.CallSubPipelineAsync<JobSpec, JobOutcome>(order.JobId, JobPipeline.Name, order);
            (tries, last) = (tries + outcome.Tries, outcome.LastFailure ?? last);
            if (outcome.End != JobEnd.Succeeded)
            {
                return outcome with { Tries = tries };
            }
        }

        return new JobOutcome(JobEnd.Succeeded, tries, last);
    }

    /// <summary>Cuts a stage into ranges: a shard each where there are few.</summary>
    /// <param name="order">All of the jobs but the shard.</param>
    /// <param name="shards">Shards in the stage.</param>
    public static IReadOnlyList<ShardRange> Cut(JobSpec order, int shards)
    {
        var ranges = new List<ShardRange>();
        var most = (shards + MaxRanges - 1) / MaxRanges;
        for (var first = 0; first < shards; first += most)
        {
            var count = Math.Min(most, shards - first);
            var id = count == 1 ? JobId(order.Kind, first) : string.Create(CultureInfo.InvariantCulture, $"{JobId(order.Kind, first)}-to-{first + count - 1:00000}");
            ranges.Add(new ShardRange(order with { JobId = id, Shard = first }, first, count));
        }

        return ranges;
    }

    private static string JobId(JobKind kind, int shard) => string.Create(CultureInfo.InvariantCulture, $"{kind.ToString().ToLowerInvariant()}-{shard:00000}");
}

/// <summary>Shards that follow each other.</summary>
/// <param name="Order">The first job; of the others all but the shard and the id.</param>
/// <param name="First">The first shard.</param>
/// <param name="Count">How many, ≥ 1.</param>
public sealed record ShardRange(JobSpec Order, int First, int Count);
