using Distil.Core.Errors;
using Distil.Core.Http;
using Distil.Core.Sources;

namespace Distil.Trainer.Datasets.Sources;

/// <summary>Opens the files of a dataset at their sources; files of the hub are fetched when they are first needed.</summary>
/// <remarks>Reading is synchronous: a job's process has nothing else to do, so it blocks until a file is fetched.</remarks>
/// <param name="catalog">Opens files; null uses the settings of the environment.</param>
/// <param name="progress">Receives the progress of a transfer.</param>
/// <param name="cancel">Cancels a transfer.</param>
internal sealed class SourceOpener(SourceCatalog? catalog = null, IProgress<TransferProgress>? progress = null, CancellationToken cancel = default)
{
    private readonly SourceCatalog _catalog = catalog ?? SourceCatalog.FromEnvironment(TimeProvider.System, Console.Error.WriteLine);

    /// <summary>Opens a file as it is stored, as a seekable stream.</summary>
    /// <exception cref="InvalidInputException">The file is missing, has changed, or must not be read.</exception>
    /// <exception cref="RemoteException">Its server cannot be reached.</exception>
    internal Stream Open(SourceRange range) => _catalog.OpenAsync(range.File, progress, cancel).GetAwaiter().GetResult();

    /// <summary>Opens a file, uncompressed, at the start of the range.</summary>
    internal StoredText OpenText(SourceRange range) => new(Open(range), range);
}
