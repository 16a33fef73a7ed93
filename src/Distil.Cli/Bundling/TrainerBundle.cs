using Distil.Cli.Workspaces;
using Distil.Core;

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
        var content = Folders.Renew(Path.Combine(work, "distil-trainer"));
        Task PublishAsync(params string[] project) => Publishing.PublishAsync(
            workspace.RepositoryFile(project), Path.Combine(content, "trainer"), ["-p:TorchBackend=none", "--artifacts-path", Path.Combine(work, "build")], cancel);
        await PublishAsync("src", "Distil.Trainer", "Distil.Trainer.csproj");
        if (bench)
        {
            await PublishAsync("bench", "Distil.Bench", "Distil.Bench.csproj");
            Folders.Copy(workspace.RepositoryFile("bench", "gpu"), Path.Combine(content, "bench"));
        }

        // The benchmarks' project uses the command, which serves HTTP.
        DotnetRuntime.Copy(Path.Combine(content, "dotnet"), web: bench);
        Folders.WriteResource("distil-trainer.sh", Path.Combine(content, "distil-trainer"), executable: true);
        File.Copy(workspace.RepositoryFile("LICENSE"), Path.Combine(content, "LICENSE"));

        await AtomicFile.WriteAsync(output, temporary => Publishing.ExecuteAsync(
            "tar", ["--create", "--use-compress-program=xz -T0", "--file", temporary, "--directory", work, "--exclude=*.xml", "distil-trainer"], cancel));
    }
}
