using Distil.Core.Errors;
using Distil.Core.Http;
using Distil.Core.Runs;
using Distil.Core.Settings;
using Distil.Core.Sources;

namespace Distil.Trainer.Datasets.Sources;

/// <summary>Opens the files of a dataset where they are; those of the hub are fetched when they are first wanted.</summary>
/// <remarks>Reading is synchronous and a job is a process that has nothing else to do: it waits for what is fetched.</remarks>
/// <param name="catalog">Opens the files.</param>
/// <param name="progress">Told how far a transfer is.</param>
/// <param name="cancel">Ends a transfer.</param>
internal sealed class SourceOpener(SourceCatalog catalog, IProgress<TransferProgress>? progress = null, CancellationToken cancel = default)
{
    /// <value>Opens files of this machine.</value>
    internal static SourceOpener Local { get; } = new(SourceCatalog.Create(new SourceSettings(), TimeProvider.System));

    /// <summary>Opens a file as it is stored; it can seek.</summary>
    /// <exception cref="InvalidInputException">It is not there, has changed, or must not be read.</exception>
    /// <exception cref="RemoteException">Its server cannot be reached.</exception>
    internal Stream Open(SourceRange range) => catalog.OpenAsync(range.File, progress, cancel).GetAwaiter().GetResult();

    /// <summary>Opens a file at the range's start, uncompressed.</summary>
    internal StoredText OpenText(SourceRange range) => new(Open(range), range);
}
