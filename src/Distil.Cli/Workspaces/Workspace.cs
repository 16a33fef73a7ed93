using Distil.Core;
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

    /// <value>The folder with <c>Distil.sln</c>; null if the program runs outside its repository.</value>
    public string? Repository { get; }

    /// <value>Folder of the files that come with the program (samples, schemas, Azurite): the repository, else the program's own folder.</value>
    public string Root => Repository ?? AppContext.BaseDirectory;

    /// <value>Folder of the command's files: <c>DISTIL_HOME</c>, else <c>.distil</c> in the repository, else in the current folder.</value>
    public string Home { get; }

    /// <value>Folder of Azurite's data.</value>
    public string Storage => Path.Combine(Home, "storage");

    /// <value>Folder of the workers' copies of artifacts.</value>
    public string Cache => Path.Combine(Home, "cache");

    /// <summary>Creates the folder of the command's files if needed.</summary>
    /// <exception cref="InvalidInputException">It cannot be created, or this user cannot write into it.</exception>
    public void CreateHome()
    {
        try
        {
            Directory.CreateDirectory(Home);
            var probe = Path.Combine(Home, $"probe-{Environment.ProcessId}~");
            File.Create(probe).Dispose();
            File.Delete(probe);
        }
        catch (IOException full) when (DiskFull.Is(full))
        {
            // What needs space says so itself, and deleting runs must remain possible.
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            var fault = Directory.Exists(Home) ? "this user cannot write into it" : File.Exists(Home) ? "it is not a folder" : "it cannot be created";
            throw new InvalidInputException($"{Home} is to be the folder of distil's files, but {fault} ({refused.Message.TrimEnd('.')}); DISTIL_HOME names another", refused);
        }
    }

    /// <summary>Folder for copies of a run's report and model.</summary>
    public string Run(string runId) => Path.Combine(Home, "runs", runId);

    /// <summary>Deletes the copies of a run's report and model.</summary>
    public void DeleteCopies(string runId)
    {
        if (Directory.Exists(Run(runId)))
        {
            Directory.Delete(Run(runId), recursive: true);
        }
    }

    /// <summary>Finds the folders, starting from the program's own.</summary>
    /// <param name="home">Replaces the default home.</param>
    public static Workspace Find(string? home = null)
    {
        var repository = AppContext.BaseDirectory;
        while (repository is not null && !File.Exists(Path.Combine(repository, "Distil.sln")))
        {
            repository = Path.GetDirectoryName(repository);
        }

        return new Workspace(
            repository, string.IsNullOrEmpty(home) ? Path.Combine(repository ?? Environment.CurrentDirectory, ".distil") : Path.GetFullPath(home));
    }

    /// <summary>Returns the path of a file of the repository, or, outside of it, of the installation that <c>distil pack</c> makes.</summary>
    /// <exception cref="InvalidInputException">It does not exist.</exception>
    public string RepositoryFile(params string[] path)
    {
        var file = Path.Combine([Root, .. path]);
        return Path.Exists(file) ? file : throw new InvalidInputException(Repository is null
            ? $"{Path.Combine(path)} is part of the repository; run ./distil from a clone of it"
            : $"{file} does not exist; run ./distil, which sets it up");
    }
}
