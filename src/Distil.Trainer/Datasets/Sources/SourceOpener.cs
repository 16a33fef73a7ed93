using Distil.Core.Errors;
using Distil.Core.Http;
using Distil.Core.Settings;
using Distil.Core.Sources;
using Distil.Core.Specification;

namespace Distil.Trainer.Datasets.Sources;

/// <summary>Opens the files of a dataset at their sources; files of the hub are fetched when they are first needed.</summary>
/// <remarks>Reading is synchronous: a job's process has nothing else to do, so it blocks until a file is fetched.</remarks>
/// <param name="catalog">Opens the files.</param>
/// <param name="progress">Receives the progress of a transfer.</param>
/// <param name="cancel">Cancels a transfer.</param>
internal sealed class SourceOpener(SourceCatalog catalog, IProgress<TransferProgress>? progress = null, CancellationToken cancel = default)
{
    /// <value>Opens files of this machine.</value>
    internal static SourceOpener Local { get; } = new(SourceCatalog.Create(new SourceSettings(), TimeProvider.System));

    /// <summary>Opens a file as it is stored, as a seekable stream.</summary>
    /// <exception cref="InvalidInputException">The file is missing, has changed, or must not be read.</exception>
    /// <exception cref="RemoteException">Its server cannot be reached.</exception>
    internal Stream Open(SourceRange range) => catalog.OpenAsync(range.File, progress, cancel).GetAwaiter().GetResult();

    /// <summary>Requires that a local file is still the one that the plan found.</summary>
    /// <exception cref="InvalidInputException">It has changed.</exception>
    internal void RequireUnchanged(SourceRange range) => catalog.RequireUnchanged(range.File);

    /// <summary>Opens a file, uncompressed, at the start of the range.</summary>
    /// <param name="range">The range.</param>
    /// <param name="format">The format in which it is read; null if the content is not to be examined.</param>
    internal StoredText OpenText(SourceRange range, DatasetFormat? format = null) => new(Open(range), range, format);
}
