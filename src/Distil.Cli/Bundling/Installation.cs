using System.Formats.Tar;
using System.IO.Compression;
using System.Runtime.InteropServices;
using Distil.Cli.Workspaces;
using Distil.Core;

namespace Distil.Cli.Bundling;

/// <summary>Distil for machines without its sources: an archive that needs nothing else, and a package for <c>dotnet tool install</c>, which needs .NET and
/// Node.js.</summary>
/// <remarks>Both contain the command, the trainer with libtorch, Azurite, the schemas and the samples (<c>app/</c>); the archive also contains the .NET runtime
/// that created it (<c>dotnet/</c>), Node.js (<c>node/</c>) and a launcher.</remarks>
public sealed class Installation
{
    /// <summary>Id of the package.</summary>
    public const string PackageId = "Distil.Tool";

    private readonly Workspace _workspace;
    private readonly string _work;

    private Installation(Workspace workspace)
    {
        _workspace = workspace;
        _work = Folders.Renew(Path.Combine(workspace.Home, "pack"));
    }

    private string Content => Path.Combine(_work, "distil");

    private string App => Path.Combine(Content, "app");

    /// <summary>Collects the files of the last build.</summary>
    /// <param name="workspace">The workspace, which names the repository; it must be built, with the packages of tools/azurite.</param>
    /// <param name="cancel">Cancels the call.</param>
    public static async Task<Installation> CollectAsync(Workspace workspace, CancellationToken cancel)
    {
        var installation = new Installation(workspace);
        foreach (var project in (string[])["Distil.Cli", "Distil.Trainer"])
        {
            await Publishing.PublishAsync(
                workspace.RepositoryFile("src", project, $"{project}.csproj"), installation.App,
                ["--no-build", "-p:CreateHardLinksForPublishFilesIfPossible=true"], cancel);
        }

        workspace.RepositoryFile("tools", "azurite", "node_modules", "azurite");
        AzuriteCopy.Create(workspace.RepositoryFile("tools", "azurite"), Path.Combine(installation.App, "tools", "azurite"));
        foreach (var folder in (string[])["samples", "schemas"])
        {
            // What npm installed for a sample on this machine is no part of it.
            Folders.Copy(workspace.RepositoryFile(folder), Path.Combine(installation.App, folder), path => Path.GetFileName(path) != "node_modules");
        }

        File.Copy(workspace.RepositoryFile("LICENSE"), Path.Combine(installation.Content, "LICENSE"));
        return installation;
    }

    /// <summary>Writes the archive, <c>distil-VERSION-PLATFORM.tar.gz</c>, with one folder, <c>distil</c>.</summary>
    /// <param name="folder">Destination folder.</param>
    /// <param name="cancel">Cancels the call; no archive remains.</param>
    /// <returns>The archive, and why Node.js is not in it (null if it is).</returns>
    public async Task<(string Path, string? WithoutNode)> WriteArchiveAsync(string folder, CancellationToken cancel)
    {
        DotnetRuntime.Copy(Path.Combine(Content, "dotnet"), web: true);
        var withoutNode = await NodeCopy.CreateAsync(Path.Combine(Content, "node"), cancel);
        Folders.WriteResource("distil.sh", Path.Combine(Content, "distil"), executable: true);
        var archive = Path.Combine(Directory.CreateDirectory(folder).FullName, $"distil-{ProgramVersion.Current}-{RuntimeInformation.RuntimeIdentifier}.tar.gz");
        await AtomicFile.WriteAsync(archive, async temporary =>
        {
            await using var file = File.Create(temporary);
            await using var gzip = new GZipStream(file, CompressionLevel.Optimal);
            await TarFile.CreateFromDirectoryAsync(Content, gzip, includeBaseDirectory: true, cancel);
        });
        return (archive, withoutNode);
    }

    /// <summary>Writes the package for <c>dotnet tool install Distil.Tool</c>.</summary>
    /// <param name="folder">Destination folder.</param>
    /// <param name="cancel">Cancels the call.</param>
    /// <returns>The package.</returns>
    public async Task<string> WriteToolAsync(string folder, CancellationToken cancel)
    {
        var description = Path.Combine(_work, "distil.nuspec");
        Folders.WriteResource("distil.nuspec", description, executable: false);
        Folders.WriteResource("DotnetToolSettings.xml", Path.Combine(_work, "DotnetToolSettings.xml"), executable: false);
        File.Copy(_workspace.RepositoryFile("README.md"), Path.Combine(_work, "README.md"));
        await Publishing.ExecuteAsync(DotnetProgram.Path, ["pack", description, "--version", ProgramVersion.Current, "-o", folder, "-v", "quiet"], cancel);
        return Path.Combine(folder, $"{PackageId}.{ProgramVersion.Current}.nupkg");
    }
}
