using System.Runtime.InteropServices;
using Distil.Core;
using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Errors;
using Distil.Core.Jobs;
using Distil.Trainer.Ranks;
using Distil.Trainer.Training;

namespace Distil.Trainer.Jobs;

/// <summary>Classifies exceptions as failures.</summary>
internal static class Failures
{
    /// <summary>Messages of torch's allocators, CPU and CUDA.</summary>
    private static readonly string[] MemoryWords = ["out of memory", "can't allocate memory", "not enough memory"];

    /// <summary>Returns the failure to store for an exception.</summary>
    /// <param name="error">The exception that ended the job.</param>
    /// <param name="stopped">Whether the process was asked to end.</param>
    /// <param name="missing">From <see cref="MissingInputs"/>.</param>
    public static JobFailure Of(Exception error, bool stopped, IReadOnlyList<MissingInput>? missing = null) => error switch
    {
        ArtifactException when missing is not null => new(FailureClass.MissingInput, error.Message),
        RankLostException lost => lost.Failure,
        InvalidInputException => new(FailureClass.InvalidInput, error.Message),
        _ when DiskFull.Is(error) => new(FailureClass.DiskFull, $"a disk is full: {FirstLine(error.Message)}", error.ToString()),
        // The same steps would end in the same way, so a retry is useless.
        NonFiniteTrainingException => new(FailureClass.InvalidInput, error.Message),
        OperationCanceledException when stopped => new(FailureClass.Preempted, "the process was asked to end; the job goes on from its last checkpoint"),
        OutOfMemoryException => new(FailureClass.OutOfMemory, error.Message, error.ToString()),
        ExternalException when Array.Exists(MemoryWords, words => error.Message.Contains(words, StringComparison.OrdinalIgnoreCase)) =>
            new(FailureClass.OutOfMemory, FirstLine(error.Message), error.ToString()),
        _ => new(FailureClass.Transient, $"{error.GetType().Name}: {FirstLine(error.Message)}", error.ToString()),
    };

    /// <summary>Maximum number of <see cref="MissingInputs"/>: the pipeline carries them in its history. The job that is repeated reports the next ones.</summary>
    internal const int MaxMissingInputs = 1000;

    /// <summary>The first inputs of a job whose blobs an exception reports as missing or damaged; null if it reports none.</summary>
    public static IReadOnlyList<MissingInput>? MissingInputs(Exception error, JobRequest request) =>
        error is ArtifactException bad && bad.Blobs.Select(request.Makes.FindInput).OfType<MissingInput>().Take(MaxMissingInputs).ToList() is { Count: > 0 } missing ? missing : null;

    private static string FirstLine(string text) => text.Split('\n', 2)[0].TrimEnd();
}
