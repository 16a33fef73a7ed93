using Distil.Core.Errors;
using Distil.Core.Http;
using Distil.Core.Sources;

namespace Distil.Trainer.Commands;

/// <summary>A model's folder on this machine, wherever a command's option says that it is.</summary>
internal static class ModelFolder
{
    /// <summary>A local path as it is; else the folder of the model's files, fetched once a machine as a run fetches its teacher's.</summary>
    /// <param name="path">A folder: local, <c>hf://owner/name[@revision][/folder]</c> or <c>https://…</c>.</param>
    /// <param name="option">The command's option, for messages.</param>
    /// <param name="catalog">Fetches the files.</param>
    /// <param name="cancel">Cancels the transfer; a later call resumes it.</param>
    /// <param name="withWeights">Whether weights are needed, or the tokenizer alone.</param>
    /// <exception cref="InvalidInputException">It is elsewhere and there is no such model, or no right to it. A local one's reader says what is wrong with it.</exception>
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
}
