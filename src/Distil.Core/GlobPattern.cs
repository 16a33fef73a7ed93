using System.IO.Enumeration;

namespace Distil.Core;

/// <summary>
/// A path with <c>*</c> and <c>?</c> inside its segments and <c>**</c> for any number of segments; the same for folders, hub repositories and blobs.
/// </summary>
internal sealed class GlobPattern
{
    private readonly string[] _wild;

    /// <param name="pattern">Segments separated by '/'.</param>
    public GlobPattern(string pattern)
    {
        var segments = pattern.Split('/');
        var firstWild = Array.FindIndex(segments, IsWild);
        Root = string.Join('/', firstWild < 0 ? segments : segments[..firstWild]);
        _wild = firstWild < 0 ? [] : segments[firstWild..];
    }

    /// <value>The folder that contains everything that can match, without a '/' at its end.</value>
    public string Root { get; }

    /// <summary>Whether a path has wildcards.</summary>
    public static bool IsWild(string path) => path.AsSpan().IndexOfAny('*', '?') >= 0;

    /// <summary>Whether a path matches.</summary>
    /// <param name="relative">Below <see cref="Root"/>, separated by '/'.</param>
    public bool Matches(string relative) => Matches(_wild, relative.Split('/'));

    private static bool Matches(ReadOnlySpan<string> pattern, ReadOnlySpan<string> path)
    {
        // Only the last ** needs to be tried again with one segment more: whatever an earlier one could take, this one can take too.
        var (at, next, last, taken) = (0, 0, -1, 0);
        while (next < path.Length)
        {
            if (at < pattern.Length && pattern[at] == "**")
            {
                if (at == pattern.Length - 1)
                {
                    return true;
                }

                (last, taken) = (at++, next);
            }
            else if (at < pattern.Length && FileSystemName.MatchesSimpleExpression(pattern[at], path[next], ignoreCase: false))
            {
                at++;
                next++;
            }
            else if (last >= 0)
            {
                (at, next) = (last + 1, ++taken);
            }
            else
            {
                return false;
            }
        }

        return at == pattern.Length;
    }
}
