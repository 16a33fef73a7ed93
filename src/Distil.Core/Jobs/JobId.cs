using System.Globalization;

namespace Distil.Core.Jobs;

/// <summary>Ids of the jobs that make one part. A job's result is final, so each retry has its own id, request and result.</summary>
public static class JobId
{
    /// <summary>The id of one try.</summary>
    /// <param name="jobId">The job's id.</param>
    /// <param name="number">1 for the first try.</param>
    public static string Try(string jobId, int number) => number == 1 ? jobId : string.Create(CultureInfo.InvariantCulture, $"{jobId}-try-{number}");

    /// <summary>The id of a job that makes a part once more: because the part was damaged, or because an input was missing.</summary>
    /// <param name="jobId">The id of the first job.</param>
    /// <param name="number">1 for the first repetition.</param>
    public static string Repeat(string jobId, int number) => string.Create(CultureInfo.InvariantCulture, $"{jobId}-again-{number}");
}
