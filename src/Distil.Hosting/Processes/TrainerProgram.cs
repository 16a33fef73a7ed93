using System.Diagnostics;
using System.Runtime.InteropServices;
using Distil.Core.Artifacts;
using Distil.Core.Errors;

namespace Distil.Hosting.Processes;

/// <summary>Where the trainer program is and how it is started.</summary>
public static class TrainerProgram
{
    /// <summary>The trainer: <c>DISTIL_TRAINER</c> (an assembly or a program), else the one built beside this command.</summary>
    /// <exception cref="InvalidInputException">It is in neither place.</exception>
    public static string Locate()
    {
        var named = Environment.GetEnvironmentVariable("DISTIL_TRAINER");
        if (!string.IsNullOrEmpty(named))
        {
            return File.Exists(named) ? Path.GetFullPath(named) : throw new InvalidInputException($"DISTIL_TRAINER names {named}, which does not exist");
        }

        var beside = Path.Combine(AppContext.BaseDirectory, "Distil.Trainer.dll");
        if (File.Exists(beside))
        {
            return beside;
        }

        // src/Distil.Cli/bin/<configuration>/<framework>/ → src/Distil.Trainer/bin/<configuration>/<framework>/<rid>/; a test's bin is one folder away.
        var framework = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd('/'));
        var output = Path.Combine("bin", framework.Parent!.Name, framework.Name, RuntimeInformation.RuntimeIdentifier, "Distil.Trainer.dll");
        var found = Ancestors(framework).Select(folder => Path.Combine(folder.FullName, "src", "Distil.Trainer", output)).FirstOrDefault(File.Exists);
        return found ?? throw new InvalidInputException($"src/Distil.Trainer/{output} does not exist; build the solution, or name the trainer by DISTIL_TRAINER");
    }

    /// <summary>How to start it.</summary>
    /// <param name="arguments">The trainer's own.</param>
    public static ProcessStartInfo Command(IEnumerable<string> arguments)
    {
        var trainer = Locate();
        var assembly = Path.GetExtension(trainer) == ".dll";
        return new ProcessStartInfo(assembly ? Dotnet : trainer, assembly ? arguments.Prepend(trainer) : arguments) { UseShellExecute = false };
    }

    /// <summary>How to start one that does jobs.</summary>
    /// <param name="connectionString">Where the jobs are.</param>
    /// <param name="cache">The folder of its copies.</param>
    internal static ProcessStartInfo Worker(string connectionString, string cache)
    {
        var command = Command(["work"]);
        command.Environment[ArtifactStore.ConnectionVariable] = connectionString;
        command.Environment.TryAdd("DISTIL_CACHE", cache);
        return command;
    }

    /// <value>The <c>dotnet</c> that runs this program, else the one on the path.</value>
    internal static string Dotnet => Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? Environment.ProcessPath! : "dotnet";

    private static IEnumerable<DirectoryInfo> Ancestors(DirectoryInfo folder)
    {
        for (var each = folder; each is not null; each = each.Parent)
        {
            yield return each;
        }
    }
}
