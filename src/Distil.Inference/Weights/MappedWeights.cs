using System.IO.MemoryMappedFiles;
using Distil.Core.Errors;
using Distil.Core.Safetensors;

namespace Distil.Inference.Weights;

/// <summary>The weights of a folder, mapped into memory: the system reads a page when it is first used and may drop it again.</summary>
/// <remarks>A mapped file must not be cut while it is in use.</remarks>
internal sealed unsafe class MappedWeights : IDisposable
{
    private readonly Dictionary<SafetensorsFile, Mapping> _mappings = [];

    private MappedWeights(WeightFolder folder) => Folder = folder;

    /// <value>The files.</value>
    internal WeightFolder Folder { get; }

    /// <summary>Opens and maps every file of a folder.</summary>
    /// <exception cref="InvalidInputException">As <see cref="WeightFolder.Open"/>.</exception>
    internal static MappedWeights Open(string folder)
    {
        var weights = new MappedWeights(WeightFolder.Open(folder));
        try
        {
            foreach (var file in weights.Folder.Files)
            {
                weights._mappings[file] = new(file.Path);
            }

            return weights;
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <summary>Finds a tensor, which must have a given shape, a floating type and finite values.</summary>
    /// <param name="name">Its name in the folder.</param>
    /// <param name="shape">The expected shape.</param>
    /// <param name="because">The reason for that shape, for the message.</param>
    /// <exception cref="InvalidInputException">The tensor is missing, has another shape or type, or has a value that is not finite.</exception>
    internal MappedTensor Find(string name, IReadOnlyList<long> shape, string because)
    {
        var (file, entry) = Folder.FindExact(name, shape, because);
        var tensor = new MappedTensor(_mappings[file].Start + file.DataStart + entry.Begin, entry);
        return tensor.FindNotFinite() is { } at ? throw Folder.Stored.ByName[name].NotFinite(at, tensor.At(at)) : tensor;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var mapping in _mappings.Values)
        {
            mapping.Dispose();
        }

        Folder.Dispose();
    }

    private sealed class Mapping : IDisposable
    {
        private readonly MemoryMappedFile _file;
        private readonly MemoryMappedViewAccessor _view;

        internal Mapping(string path)
        {
            _file = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
            _view = _file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
            byte* start = null;
            _view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
            Start = start + _view.PointerOffset;
        }

        internal byte* Start { get; }

        public void Dispose()
        {
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
            _view.Dispose();
            _file.Dispose();
        }
    }
}
