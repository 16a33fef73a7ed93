using Distil.Cli.Workspaces;

namespace Distil.Cli.Tests;

/// <summary>A workspace of this repository with its own home, which is deleted at the end.</summary>
internal sealed class TemporaryWorkspace : IDisposable
{
    public Workspace Workspace { get; } = Workspace.Find(Directory.CreateTempSubdirectory("distil-cli-").FullName);

    public void Dispose() => Directory.Delete(Workspace.Home, recursive: true);
}
