using System.Globalization;
using Distil.Core.Errors;

namespace Distil.Core.Settings;

/// <summary>Every program: texts, models and artifacts</summary>
public sealed record SourceSettings
{
    /// <summary>The variable of <see cref="ConnectionString"/>.</summary>
    public const string ConnectionVariable = "AZURE_STORAGE_CONNECTION_STRING";

    /// <summary>The variable of <see cref="Cache"/>.</summary>
    public const string CacheVariable = "DISTIL_CACHE";

    /// <summary>The variable of <see cref="JobDisk"/>.</summary>
    public const string JobDiskVariable = "DISTIL_JOB_DISK";

    /// <summary>The variable of <see cref="SignedUrls"/>.</summary>
    public const string SignedUrlsVariable = "DISTIL_SIGNED_URLS";

    /// <summary>The variable of <see cref="TeacherKeys"/>.</summary>
    public const string TeacherKeysVariable = "DISTIL_TEACHER_KEYS";

    /// <value>Connection string of the storage account of the artifacts. Default: the command starts Azurite; other programs use their Azure identity.</value>
    [Variable(ConnectionVariable)]
    public string? ConnectionString { get; init; }

    /// <value>Folder for copies of artifacts and of files behind URLs. Default: `distil-cache` in the system's folder for temporary files; the command's
    /// trainers use `cache` in DISTIL_HOME.</value>
    [Variable(CacheVariable)]
    public string? Cache { get; init; }

    /// <value>Gigabytes of disk that a job may use. A training job has as many shards at once as fit beside the teacher's files and its checkpoints, and the Azure
    /// host refuses a run of which not even two would fit. Default: 8 GiB in the Azure host if jobs run in Container Apps, whose replicas have no more (the
    /// templates give them the same); otherwise what is free on the disk.</value>
    [Variable(JobDiskVariable)]
    public string? JobDisk { get; init; }

    /// <value>URLs with their signatures (SAS), separated by spaces: of files, folders, containers or accounts. A request for a URL below one of them gets
    /// its signature.</value>
    [Variable(SignedUrlsVariable)]
    public string? SignedUrls { get; init; }

    /// <value>Keys of servers that compute a teacher's outputs (`teacher.endpoint`), each as `URL=KEY`, separated by spaces. A request for a URL below one of
    /// them gets its key, over `https://` or to this machine only.</value>
    [Variable(TeacherKeysVariable)]
    public string? TeacherKeys { get; init; }

    /// <value>The Hugging Face hub.</value>
    public HubSettings Hub { get; init; } = new();

    /// <value>The folder for copies, with its default.</value>
    public string CacheFolder => Cache ?? Path.Combine(Path.GetTempPath(), "distil-cache");

    /// <summary>Bytes of disk that a job may use; null if that is not set.</summary>
    /// <exception cref="InvalidInputException"><c>DISTIL_JOB_DISK</c> is no positive number.</exception>
    public long? JobDiskBytes => JobDisk switch
    {
        null => null,
        var given when double.TryParse(given, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var gigabytes) && gigabytes is > 0 and < 1e9 =>
            (long)(gigabytes * 1e9),
        var other => throw new InvalidInputException($"{JobDiskVariable} is {other}; expected a number of gigabytes, more than 0"),
    };
}
