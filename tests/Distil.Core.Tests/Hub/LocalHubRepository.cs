using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace Distil.Core.Tests.Hub;

/// <summary>A repository of the local hub.</summary>
internal sealed class LocalHubRepository
{
    /// <summary>Files by path, for each commit.</summary>
    public ConcurrentDictionary<string, IReadOnlyDictionary<string, LocalHubFile>> Commits { get; } = new();

    /// <summary>Commits by branch or tag.</summary>
    public ConcurrentDictionary<string, string> Refs { get; } = new();

    /// <summary>The only token that may read it.</summary>
    public string? PrivateTo { get; set; }

    /// <summary>Whether its files are gated.</summary>
    public bool Gated { get; set; }

    /// <summary>Its new name <c>owner/name</c> if it was moved.</summary>
    public string? RenamedTo { get; set; }

    /// <summary>Commits files to a branch.</summary>
    /// <returns>The commit.</returns>
    public string Commit(string branch, params (string Path, LocalHubFile File)[] files)
    {
        var commit = Convert.ToHexStringLower(SHA1.HashData(Encoding.UTF8.GetBytes($"{branch} {Commits.Count} {Guid.NewGuid()}")));
        Commits[commit] = files.ToDictionary(file => file.Path, file => file.File);
        Refs[branch] = commit;
        return commit;
    }
}

/// <summary>A file of the local hub.</summary>
/// <param name="Content">Its content.</param>
/// <param name="Large">Whether the hub stores it as a large file.</param>
internal sealed record LocalHubFile(byte[] Content, bool Large = true)
{
    public string Sha256 { get; } = Convert.ToHexStringLower(SHA256.HashData(Content));

    public string GitId { get; } = Convert.ToHexStringLower(SHA1.HashData([.. Encoding.ASCII.GetBytes($"blob {Content.Length}\0"), .. Content]));

    /// <summary>A small file of text.</summary>
    public static LocalHubFile Small(string text) => new(Encoding.UTF8.GetBytes(text), Large: false);
}
