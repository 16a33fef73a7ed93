using Distil.Core.Errors;
using Distil.Core.Http;
using Distil.Core.Models.Folders;
using Distil.Core.Sources;

namespace Distil.Trainer.Commands;

/// <summary>Finds the local folder of the model that a command's option names.</summary>
internal static class ModelFolder
{
    /// <summary>Returns a local path unchanged; otherwise returns the folder of the model's files, which each machine fetches once, as a run fetches its
    /// teacher's.</summary>
    /// <param name="path">A folder: local, <c>hf://owner/name[@revision][/folder]</c> or <c>https://…</c>.</param>
    /// <param name="option">The command's option, for messages.</param>
    /// <param name="catalog">Fetches the files.</param>
    /// <param name="cancel">Cancels the transfer; a later call resumes it.</param>
    /// <param name="withWeights">Whether weights are needed, or only the tokenizer.</param>
    /// <exception cref="InvalidInputException">A remote model does not exist or may not be read. Errors of a local one are reported by its reader.</exception>
    /// <exception cref="RemoteException">A server cannot be reached.</exception>
    internal static async Task<string> FetchAsync(string path, string option, SourceCatalog catalog, CancellationToken cancel, bool withWeights = true)
    {
        if (!SourceCatalog.IsRemote(path))
        {
            return path;
        }

        var model = await ModelFiles.FindAsync(catalog, path, FieldPath.Named(option), cancel);
        return await model.Location.FetchAsync(catalog, withWeights, new TransferLine(Console.Error, rewrites: !Console.IsErrorRedirected), cancel);
    }

    /// <summary>Prints what is in a model's folder and was not read.</summary>
    internal static void Warn(ModelReading? reading)
    {
        foreach (var warning in reading?.Warnings ?? [])
        {
            Console.Error.WriteLine($"warning: {warning}");
        }
    }
}
