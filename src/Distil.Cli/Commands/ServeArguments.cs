using Distil.Cli.Serving;
using Distil.Core.Errors;

namespace Distil.Cli.Commands;

/// <summary>The arguments of <c>serve</c> that say where it listens and whom it lets in.</summary>
internal static class ServeArguments
{
    /// <summary>Checks and combines them.</summary>
    /// <exception cref="InvalidInputException">One cannot be used, or two exclude each other.</exception>
    internal static ServeOptions Options(int? port, string? urls, string? apiKey, string[] roots)
    {
        if (port is not null && urls is not null)
        {
            throw new InvalidInputException("--port and --urls both say where to listen; expected one of them");
        }

        if (port is < 0 or > 65535)
        {
            throw new InvalidInputException($"--port is {port}; expected 0 to 65535");
        }

        if (roots.FirstOrDefault(root => !Directory.Exists(root)) is { } missing)
        {
            throw new InvalidInputException($"--root {missing} does not exist; expected a folder");
        }

        return new ServeOptions
        {
            Urls = ServeOptions.ParseUrls(urls ?? $"http://127.0.0.1:{port ?? ServeOptions.UsualPort}"),
            ApiKey = apiKey,
            PathRoots = roots.Length > 0 ? [.. roots.Select(Path.GetFullPath)] : null,
        }.Checked();
    }

    /// <summary>Reads the API key from a file; null for no file.</summary>
    /// <exception cref="InvalidInputException">The file does not exist.</exception>
    internal static string? ReadApiKey(string? file) => file is null ? null
        : File.Exists(file) ? File.ReadAllText(file).Trim()
        : throw new InvalidInputException($"--api-key-file {file} does not exist; expected a file with the key");
}
