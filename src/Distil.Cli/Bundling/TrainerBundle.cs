using System.Diagnostics;
using System.Runtime.InteropServices;
using Distil.Cli.Workspaces;
using Distil.Core;
using Distil.Hosting.Processes;

namespace Distil.Cli.Bundling;

/// <summary>One archive with the trainer and the .NET runtime, for a host that has libtorch (for instance PyTorch's own) and nothing else.</summary>
/// <remarks>Contains <c>distil-trainer/</c>: the launcher of that name, <c>trainer/</c> (without torch), <c>dotnet/</c> (the runtime that created the bundle)
/// and, if requested, <c>bench/</c>.</remarks>
public static class TrainerBundle
{
    /// <summary>Builds the trainer without torch, separately from the normal build, and packs it.</summary>
    /// <param name="workspace">The workspace, which names the repository.</param>
    /// <param name="output">The archive, <c>.tar.xz</c>; an existing one is replaced.</param>
    /// <param name="bench">Whether to include the GPU benchmarks: <c>bench/run.sh</c>.</param>
    /// <param name="cancel">Cancels the call; no archive remains.</param>
    public static async Task CreateAsync(Workspace workspace, string output, bool bench, CancellationToken cancel)
    {
        var work = Path.Combine(workspace.Home, "bundle");
        var content = Path.Combine(work, "distil-trainer");
        if (Directory.Exists(content))
        {
            Directory.Delete(content, recursive: true);
        }

        async Task PublishAsync(params string[] project) => await ExecuteAsync(
            TrainerProgram.Dotnet,
            [
                "publish", workspace.RepositoryFile(project), "-c", "Release", "-p:TorchBackend=none", "--artifacts-path", Path.Combine(work, "build"),
                "-o", Path.Combine(content, "trainer"), "-v", "quiet", "--nologo",
            ],
            cancel);
        await PublishAsync("src", "Distil.Trainer", "Distil.Trainer.csproj");
        if (bench)
        {
            await PublishAsync("bench", "Distil.Bench", "Distil.Bench.csproj");
            CopyFolder(workspace.RepositoryFile("bench", "gpu"), Path.Combine(content, "bench"));
        }

        CopyRuntime(Path.Combine(content, "dotnet"), web: bench);
        WriteLauncher(Path.Combine(content, "distil-trainer"));
        File.Copy(workspace.RepositoryFile("LICENSE"), Path.Combine(content, "LICENSE"));

        await AtomicFile.WriteAsync(output, temporary => ExecuteAsync(
            "tar", ["--create", "--use-compress-program=xz -T0", "--file", temporary, "--directory", work, "--exclude=*.xml", "distil-trainer"], cancel));
    }

    /// <param name="target">Destination folder.</param>
    /// <param name="web">Whether to include ASP.NET Core: the benchmarks' project uses the command, which serves HTTP.</param>
    private static void CopyRuntime(string target, bool web)
    {
        const string aspNetCore = "Microsoft.AspNetCore.App";
        var runtime = new DirectoryInfo(RuntimeEnvironment.GetRuntimeDirectory());
        var root = runtime.Parent!.Parent!.Parent!.FullName;
        string[] folders = [Path.Combine("shared", runtime.Parent.Name, runtime.Name), Path.Combine("host", "fxr", runtime.Name)];
        foreach (var folder in web ? [.. folders, Path.Combine("shared", aspNetCore, runtime.Name)] : folders)
        {
            var to = Directory.CreateDirectory(Path.Combine(target, folder)).FullName;
            foreach (var file in Directory.EnumerateFiles(Path.Combine(root, folder)))
            {
                File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
            }
        }

        File.Copy(Path.Combine(root, "dotnet"), Path.Combine(target, "dotnet"));
    }

    /// <summary>Copies files and folders; executable files remain executable.</summary>
    private static void CopyFolder(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.EnumerateFiles(from))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }
        foreach (var folder in Directory.EnumerateDirectories(from))
        {
            CopyFolder(folder, Path.Combine(to, Path.GetFileName(folder)));
        }
    }

    private static void WriteLauncher(string path)
    {
        using (var source = typeof(TrainerBundle).Assembly.GetManifestResourceStream("distil-trainer.sh")!)
        using (var target = File.Create(path))
        {
            source.CopyTo(target);
        }

        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, File.GetUnixFileMode(path) | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        }
    }

    private static async Task ExecuteAsync(string program, string[] arguments, CancellationToken cancel)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        var said = await process.StandardOutput.ReadToEndAsync(cancel);
        await process.WaitForExitAsync(cancel);
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} {arguments[0]} ended with {process.ExitCode}: {said}");
        }
    }
}
