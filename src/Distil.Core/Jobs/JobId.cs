using System.Globalization;

namespace Distil.Core.Jobs;

/// <summary>Ids of the jobs that make one part. A job's result is final, so each retry has its own id, request and result.</summary>
public static class JobId
{
    private const string TryMark = "-try-";
    private const string RepeatMark = "-again-";

    /// <summary>The id of one try.</summary>
    /// <param name="jobId">The job's id.</param>
    /// <param name="number">1 for the first try.</param>
    public static string Try(string jobId, int number) => number == 1 ? jobId : string.Create(CultureInfo.InvariantCulture, $"{jobId}{TryMark}{number}");

    /// <summary>The id of a job that makes a part once more: because the part was damaged, or because an input was missing.</summary>
    /// <param name="jobId">The id of the first job.</param>
    /// <param name="number">1 for the first repetition.</param>
    public static string Repeat(string jobId, int number) => string.Create(CultureInfo.InvariantCulture, $"{jobId}{RepeatMark}{number}");

    /// <summary>Whether a job's id (or a path that contains it) is that of the first try of a part's first job.</summary>
    public static bool IsFirst(string jobId) => !jobId.Contains(TryMark, StringComparison.Ordinal) && !jobId.Contains(RepeatMark, StringComparison.Ordinal);
}
