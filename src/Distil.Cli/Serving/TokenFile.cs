using System.Security.Cryptography;
using Distil.Cli.Workspaces;
using Distil.Core;

namespace Distil.Cli.Serving;

/// <summary>The token of <c>serve</c> on loopback, in a file that only its user can read: open pages and scripts go on when the server starts again.</summary>
internal static class TokenFile
{
    private const int Bytes = 16;

    /// <summary>Reads the token, or makes one.</summary>
    /// <param name="workspace">The workspace with the file, <c>serve.token</c>.</param>
    /// <param name="cancel">Cancels the call.</param>
    internal static async Task<string> GetAsync(Workspace workspace, CancellationToken cancel)
    {
        var path = Path.Combine(workspace.Home, "serve.token");
        if (File.Exists(path) && (await File.ReadAllTextAsync(path, cancel)).Trim() is { Length: 2 * Bytes } known)
        {
            return known;
        }

        workspace.CreateHome();
        var token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(Bytes));
        await AtomicFile.WriteAsync(path, async temporary =>
        {
            await File.WriteAllTextAsync(temporary, "", cancel);
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(temporary, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }

            await File.WriteAllTextAsync(temporary, token, cancel);
        });
        return token;
    }
}
