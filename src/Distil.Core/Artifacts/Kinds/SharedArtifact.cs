using System.Runtime.CompilerServices;

namespace Distil.Core.Artifacts.Kinds;

/// <summary>An artifact in shards that several runs may use, named by the hash of everything that determines it. The pipeline closes it with a manifest over
/// its shards' documents.</summary>
/// <param name="Id">Content address.</param>
public abstract record SharedArtifact(string Id) : Artifact
{
    /// <value>The folder of all its blobs, with its slash.</value>
    public abstract string Prefix { get; }

    /// <value>The lease for closing it, deleting it or checking whether it exists.</value>
    public string Lease => ArtifactLayout.LeaseOn(Closing);

    /// <inheritdoc/>
    public override bool Contains(string blob) => blob.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>Lists the shared artifacts that are stored, complete or not. The result does not contain their number of shards.</summary>
    public static async IAsyncEnumerable<SharedArtifact> ListAsync(ArtifactStore store, [EnumeratorCancellation] CancellationToken cancel)
    {
        await foreach (var folder in store.ListFoldersAsync(ArtifactLayout.Datasets, cancel))
        {
            yield return new Dataset(IdIn(folder), Shards: 0);
        }

        await foreach (var folder in store.ListFoldersAsync(ArtifactLayout.AllTeacherOutputs, cancel))
        {
            yield return new TeacherOutputs(IdIn(folder), new Dataset("", Shards: 0));
        }

        static string IdIn(string folder) => folder.Split('/')[^2];
    }

    /// <summary>Returns the files that its manifest lists.</summary>
    /// <returns>Null if there is no manifest.</returns>
    /// <exception cref="ArtifactException">The manifest is damaged.</exception>
    public abstract Task<IReadOnlyList<ArtifactFile>?> FindFilesAsync(ArtifactStore store, CancellationToken cancel);

    /// <summary>Writes its manifest over its shards' documents. The caller holds <see cref="Lease"/>.</summary>
    public abstract Task<CloseOutput> CloseAsync(ArtifactStore store, CancellationToken cancel);

    /// <summary>A shard as a part.</summary>
    protected Part Shard(int shard, string closing, params IReadOnlyList<string> files) =>
        new(shard, $"{MakerWord}-{Digits(shard, 5)}", closing, ArtifactLayout.LeaseOn(closing), files);
}

/// <summary>The outcome of closing an artifact.</summary>
/// <param name="Fault">Why there can be no manifest: the user's input does not allow one; null if there is one now.</param>
/// <param name="Missing">The first <see cref="MaxMissing"/> shards without a readable document, which must be made first; null if none is missing.</param>
public sealed record CloseOutput(string? Fault = null, IReadOnlyList<int>? Missing = null)
{
    /// <summary>Maximum number of shards in <see cref="Missing"/>: a host limits what a step returns to a megabyte. When they are made, it is asked again.</summary>
    public const int MaxMissing = 1000;
}
