using Distil.Trainer.Models.Transformers;
using static TorchSharp.torch;

namespace Distil.Trainer.Jobs;

/// <summary>Caches the teacher that was loaded last, so that a worker's next job need not read it again.</summary>
internal sealed class WarmTeacher : IDisposable
{
    private Key? _key;
    private TransformerModel? _model;

    /// <summary>Returns the teacher; loads it if it differs from the cached one, or if its files have changed.</summary>
    public TransformerModel Get(string folder, Device device, ScalarType dtype)
    {
        var key = new Key(folder, device.ToString(), dtype, LastChange(folder));
        if (_model is null || key != _key)
        {
            Dispose();
            (_model, _key) = (TransformerModel.Load(folder, device, dtype), key);
        }

        return _model;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _model?.Dispose();
        (_model, _key) = (null, null);
    }

    private static DateTime LastChange(string folder) =>
        Directory.Exists(folder) ? new DirectoryInfo(folder).EnumerateFiles().Select(file => file.LastWriteTimeUtc).DefaultIfEmpty().Max() : default;

    private sealed record Key(string Folder, string Device, ScalarType Dtype, DateTime LastChange);
}
