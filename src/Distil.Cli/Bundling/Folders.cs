namespace Distil.Cli.Bundling;

/// <summary>Files and folders of what is packed.</summary>
internal static class Folders
{
    /// <summary>Creates an empty folder, in the place of an earlier one.</summary>
    internal static string Renew(string path)
    {
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }

        return Directory.CreateDirectory(path).FullName;
    }

    /// <summary>Copies the files and folders of a folder; executable files remain executable.</summary>
    /// <param name="from">The folder.</param>
    /// <param name="to">Destination folder; created if it does not exist.</param>
    /// <param name="includes">Chooses files and folders by their paths; null for all.</param>
    internal static void Copy(string from, string to, Func<string, bool>? includes = null)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.EnumerateFiles(from).Where(file => includes?.Invoke(file) ?? true))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }

        foreach (var folder in Directory.EnumerateDirectories(from).Where(folder => includes?.Invoke(folder) ?? true))
        {
            Copy(folder, Path.Combine(to, Path.GetFileName(folder)), includes);
        }
    }

    /// <summary>Writes an embedded file.</summary>
    /// <param name="name">Name of the resource.</param>
    /// <param name="path">Destination.</param>
    /// <param name="executable">Whether it is a program.</param>
    internal static void WriteResource(string name, string path, bool executable)
    {
        using (var source = typeof(Folders).Assembly.GetManifestResourceStream(name)!)
        using (var target = File.Create(path))
        {
            source.CopyTo(target);
        }

        if (executable && !OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, File.GetUnixFileMode(path) | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        }
    }
}
