namespace Distil.Core.Settings;

/// <summary>Every program: texts, models and artifacts</summary>
public sealed record SourceSettings
{
    /// <summary>The variable of <see cref="ConnectionString"/>.</summary>
    public const string ConnectionVariable = "AZURE_STORAGE_CONNECTION_STRING";

    /// <summary>The variable of <see cref="Cache"/>.</summary>
    public const string CacheVariable = "DISTIL_CACHE";

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
}
