using System.Globalization;
using Distil.Core.Jobs;

namespace Distil.Core.Pipeline;

/// <summary>Consecutive parts of an artifact.</summary>
/// <param name="Spec">The first part's job; its id is the range's.</param>
/// <param name="Count">Number of parts, ≥ 1.</param>
public sealed record ShardRange(JobSpec Spec, int Count)
{
    /// <summary>Maximum number of ranges that one is cut into, which limits the entries of a history.</summary>
    private const int MaxRanges = 400;

    /// <value>The first part.</value>
    [System.Text.Json.Serialization.JsonIgnore]
    public int First => Spec.Part;

    /// <value>The part after the last.</value>
    [System.Text.Json.Serialization.JsonIgnore]
    public int End => First + Count;

    /// <summary>Creates a range.</summary>
    /// <param name="spec">The jobs' common properties, without part and id.</param>
    /// <param name="first">The first part.</param>
    /// <param name="count">Number of parts, ≥ 1.</param>
    public static ShardRange Of(JobSpec spec, int first, int count)
    {
        var id = spec.Makes.PartAt(first).JobId;
        return new ShardRange(
            spec with { Part = first, JobId = count == 1 ? id : string.Create(CultureInfo.InvariantCulture, $"{id}-to-{first + count - 1:00000}") }, count);
    }

    /// <summary>Splits an artifact into ranges: of one part each if there are few.</summary>
    /// <param name="spec">The jobs' common properties, without part and id.</param>
    public static IReadOnlyList<ShardRange> Cut(JobSpec spec) => Of(spec, 0, spec.Makes.PartCount).Cut();

    /// <summary>Splits this range into smaller ones, in order: of one part each if there are few.</summary>
    public IReadOnlyList<ShardRange> Cut()
    {
        var size = (Count + MaxRanges - 1) / MaxRanges;
        return [.. Enumerable.Range(0, (Count + size - 1) / size).Select(range => Of(Spec, First + (range * size), Math.Min(size, Count - (range * size))))];
    }

    /// <summary>The parts after a given one; null if it is the last.</summary>
    public ShardRange? After(int part) => part + 1 < End ? Of(Spec, part + 1, End - part - 1) : null;
}
