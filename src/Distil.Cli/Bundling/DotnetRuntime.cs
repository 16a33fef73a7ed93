using System.Runtime.InteropServices;

namespace Distil.Cli.Bundling;

/// <summary>The .NET runtime that executes this program, as a folder that other machines can use.</summary>
internal static class DotnetRuntime
{
    private const string AspNetCore = "Microsoft.AspNetCore.App";

    /// <summary>Copies it, with its licence.</summary>
    /// <param name="target">Destination folder.</param>
    /// <param name="web">Whether to include ASP.NET Core, which the command needs and the trainer does not.</param>
    internal static void Copy(string target, bool web)
    {
        var runtime = new DirectoryInfo(RuntimeEnvironment.GetRuntimeDirectory());
        var root = runtime.Parent!.Parent!.Parent!.FullName;
        string[] folders = [Path.Combine("shared", runtime.Parent.Name, runtime.Name), Path.Combine("host", "fxr", runtime.Name)];
        foreach (var folder in web ? [.. folders, Path.Combine("shared", AspNetCore, runtime.Name)] : folders)
        {
            Folders.Copy(Path.Combine(root, folder), Path.Combine(target, folder), path => Path.GetExtension(path) != ".xml");
        }

        foreach (var file in Directory.EnumerateFiles(root))
        {
            File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
        }
    }
}
