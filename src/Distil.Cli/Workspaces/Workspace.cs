using Distil.Core.Errors;

namespace Distil.Cli.Workspaces;

/// <summary>The folders of this machine that the command uses.</summary>
public sealed class Workspace
{
    private Workspace(string? repository, string home)
    {
        Repository = repository;
        Home = home;
    }

    /// <value>The folder with <c>Distil.sln</c>; null where the program runs apart from its sources.</value>
    public string? Repository { get; }

    /// <value>What the command keeps: <c>DISTIL_HOME</c>, else <c>.distil</c> in the repository, else in the current folder.</value>
    public string Home { get; }

    /// <value>Where Azurite keeps the blobs.</value>
    public string Storage => Path.Combine(Home, "storage");

    /// <value>Where workers keep copies of artifacts.</value>
    public string Cache => Path.Combine(Home, "cache");

    /// <summary>Where a run's report and model are copied.</summary>
    public string Run(string runId) => Path.Combine(Home, "runs", runId);

    /// <summary>Finds the folders from where the program stands.</summary>
    /// <param name="home">Replaces the usual home.</param>
    public static Workspace Find(string? home = null)
    {
        var repository = AppContext.BaseDirectory;
        while (repository is not null && !File.Exists(Path.Combine(repository, "Distil.sln")))
        {
            repository = Path.GetDirectoryName(repository);
        }

        return new Workspace(repository, string.IsNullOrEmpty(home) ? Path.Combine(repository ?? Environment.CurrentDirectory, ".distil") : Path.GetFullPath(home));
    }

    /// <summary>A file of the repository.</summary>
    /// <exception cref="InvalidInputException">There is no repository, or it lacks the file.</exception>
    public string RepositoryFile(params string[] path)
    {
        if (Repository is null)
        {
            throw new InvalidInputException($"{Path.Combine(path)} is part of the repository; run ./distil from a clone of it");
        }

        var file = Path.Combine([Repository, .. path]);
        return Path.Exists(file) ? file : throw new InvalidInputException($"{file} does not exist; run ./distil, which sets it up");
    }
}
