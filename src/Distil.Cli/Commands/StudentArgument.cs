using System.CommandLine;
using Distil.Cli.Runs;
using Distil.Core.Errors;

namespace Distil.Cli.Commands;

/// <summary>The argument of commands that take a student of a run or of a folder.</summary>
internal static class StudentArgument
{
    internal static Argument<string> Create(string folder) => new("student")
    {
        Description = $"{folder}; or a run's id, its beginning or its last part, or `latest`.",
    };

    /// <summary>The student's folder; a run's is copied into the workspace.</summary>
    /// <exception cref="InvalidInputException">There is no such folder or run, or the run has no model.</exception>
    internal static async Task<string> FolderAsync(CommandContext context, string student, CancellationToken cancel)
    {
        if (Directory.Exists(student))
        {
            return student;
        }

        if (student.Contains(Path.DirectorySeparatorChar))
        {
            throw new InvalidInputException($"{student}: no such folder");
        }

        return await OfRunAsync(context, student, cancel);
    }

    /// <summary>A run's model, copied into the workspace.</summary>
    /// <param name="context">Settings and services.</param>
    /// <param name="name">The run's id, its beginning or its last part, or <c>latest</c>.</param>
    /// <param name="cancel">Cancels the call.</param>
    /// <exception cref="InvalidInputException">There is no such run, or it has no model.</exception>
    internal static async Task<string> OfRunAsync(CommandContext context, string name, CancellationToken cancel)
    {
        await using var storage = await context.OpenStorageAsync(port: null, cancel);
        var run = await RunNames.ResolveAsync(storage.Store, name, cancel);
        return await new LocalCopies(context.Workspace, storage.Store).ModelAsync(run, cancel);
    }
}
