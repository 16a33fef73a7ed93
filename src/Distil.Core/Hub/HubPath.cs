using System.Text.RegularExpressions;
using Distil.Core.Errors;

namespace Distil.Core.Hub;

/// <summary>The kinds of repositories in the hub that Distil reads.</summary>
public enum HubKind
{
    /// <summary>Models.</summary>
    Model,

    /// <summary>Datasets.</summary>
    Dataset,
}

/// <summary>A path in the hub: <c>hf://[models/|datasets/]owner/name[@revision][/path]</c>, as in huggingface_hub.</summary>
/// <remarks>A '/' in a revision is written <c>%2F</c>, except in <c>refs/pr/N</c> and <c>refs/convert/NAME</c>.</remarks>
/// <param name="Kind">Models or datasets.</param>
/// <param name="Owner">User or organisation.</param>
/// <param name="Name">The repository's name.</param>
/// <param name="Revision">A branch, a tag or a commit.</param>
/// <param name="Path">A file, a folder or a glob in it; empty for the whole repository.</param>
public sealed partial record HubPath(HubKind Kind, string Owner, string Name, string Revision, string Path)
{
    /// <summary>The beginning of such a path.</summary>
    public const string Scheme = "hf://";

    /// <summary>The revision of a path that names none.</summary>
    public const string DefaultRevision = "main";

    private const string Expected = "expected hf://[models/|datasets/]owner/name[@revision][/path]";

    /// <value><c>owner/name</c>, for messages and URLs.</value>
    public string Repository => $"{Owner}/{Name}";

    /// <value>Whether the revision is a full commit hash, which always refers to the same files.</value>
    public bool IsPinned => CommitHash().IsMatch(Revision);

    /// <summary>Whether a path is a path of the hub.</summary>
    public static bool Is(string path) => path.StartsWith(Scheme, StringComparison.Ordinal);

    /// <summary>Whether a path in a repository can be a file's: it has no empty segment and does not lead out of the repository.</summary>
    internal static bool IsFile(string path) => !path.Contains('\0') && path.Split('/').All(segment => segment is not ("" or "." or ".."));

    /// <summary>Parses a path.</summary>
    /// <param name="text">The path.</param>
    /// <param name="kind">The kind of repository if the path does not name it.</param>
    /// <param name="field">The specification's field, for messages.</param>
    /// <exception cref="InvalidInputException">It is not a path of the hub.</exception>
    public static HubPath Parse(string text, HubKind kind, FieldPath field)
    {
        var match = Grammar().Match(text);
        if (!match.Success)
        {
            throw new InvalidInputException(field, $"{text} is not a path of the Hugging Face hub; {Expected}");
        }

        var path = match.Groups["path"].Value;
        if (path.Length > 0 && !IsFile(path))
        {
            throw new InvalidInputException(field, $"{text} has an empty, '.' or '..' segment; {Expected}");
        }

        if (match.Groups["owner"].Value.Trim('.').Length == 0 || match.Groups["name"].Value.Trim('.').Length == 0)
        {
            throw new InvalidInputException(field, $"{text} has an owner or a name of dots alone; {Expected}");
        }

        var revision = match.Groups["revision"] is { Success: true } found ? Uri.UnescapeDataString(found.Value) : DefaultRevision;
        if (revision.Split('/').Any(segment => segment is "" or "." or ".."))
        {
            throw new InvalidInputException(field, $"{text} has the revision {revision}, which cannot be one; {Expected}");
        }

        return new HubPath(
            match.Groups["kind"].Value switch { "models" => HubKind.Model, "datasets" => HubKind.Dataset, _ => kind },
            match.Groups["owner"].Value,
            match.Groups["name"].Value,
            revision,
            path);
    }

    /// <summary>The path as a user writes it, always with its kind.</summary>
    public override string ToString()
    {
        var revision = SpecialRevision().IsMatch(Revision) ? Revision : Revision.Replace("/", "%2F", StringComparison.Ordinal);
        return $"{Scheme}{KindWord}s/{Repository}@{revision}{(Path.Length > 0 ? "/" : "")}{Path}";
    }

    /// <value><c>model</c> or <c>dataset</c>.</value>
    internal string KindWord => Kind == HubKind.Model ? "model" : "dataset";

    [GeneratedRegex(@"^hf://((?<kind>models|datasets)/)?(?<owner>[\w.-]+)/(?<name>[\w.-]+)(@(?<revision>refs/convert/[\w.-]+|refs/pr/\d+|[^/@]+))?(/(?<path>.*[^/]))?/?$", RegexOptions.ExplicitCapture)]
    private static partial Regex Grammar();

    [GeneratedRegex(@"^refs/(convert/[\w.-]+|pr/\d+)$", RegexOptions.ExplicitCapture)]
    private static partial Regex SpecialRevision();

    [GeneratedRegex("^[0-9a-f]{40}$")]
    private static partial Regex CommitHash();
}
