using Distil.Core.Errors;
using Distil.Core.Models;
using Distil.Core.Models.Folders;
using Distil.Core.Safetensors;
using Distil.Trainer.Safetensors;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Transformers;

/// <summary>A Transformer's folder: its configuration and its weights, which are read when they are requested.</summary>
internal sealed class TransformerFolder : IDisposable
{
    private readonly WeightFolder _files;
    private readonly WeightReadings _readings;

    private TransformerFolder(ConfigReading config, WeightFolder files)
    {
        (_files, _readings) = (files, WeightReadings.Of(config, files.Stored));
        // As transformers 5 does: a head that training has changed is the head, whatever the configuration says.
        TrainedHead = _readings.HeadBesideTie is { } head && !files.HaveSameBytes(head.Values, _readings.ByName[TransformerTensors.Embedding].Values);
        Config = TrainedHead ? config.Config with { TiedHead = false } : config.Config;
        Reading = _readings.Summary with { Warnings = [.. files.Warnings, .. _readings.Summary.Warnings] };
    }

    /// <value>The model's shape. Its head is not tied if the weights contain another head.</value>
    public TransformerConfig Config { get; }

    /// <value>Whether the weights contain a head of their own although <c>tie_word_embeddings</c> is true.</value>
    public bool TrainedHead { get; }

    /// <value>What is read of the folder.</value>
    public ModelReading Reading { get; }

    /// <summary>Opens a Hugging Face folder.</summary>
    /// <exception cref="InvalidInputException">A file, field or weight is missing, does not fit or is not supported.</exception>
    public static TransformerFolder Open(string folder)
    {
        var config = TransformerConfigFile.ReadWhole(folder);
        var files = WeightFolder.Open(folder);
        try
        {
            return new TransformerFolder(config, files);
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    /// <summary>Reads a weight, outside any dispose scope.</summary>
    /// <param name="name">One of <see cref="TransformerTensors"/>.</param>
    /// <param name="dtype">Element type of the result.</param>
    /// <param name="device">Device of the result.</param>
    public Tensor Read(string name, ScalarType dtype, Device device)
    {
        var reading = name == TransformerTensors.Head && TrainedHead ? _readings.HeadBesideTie! : _readings.ByName[name];
        return _files.Read(reading, dtype, device).DetachFromDisposeScope();
    }

    /// <summary>The weights in one type and on one device.</summary>
    public IWeightSource In(ScalarType dtype, Device device) => new Source(this, dtype, device);

    /// <inheritdoc />
    public void Dispose() => _files.Dispose();

    private sealed class Source(TransformerFolder folder, ScalarType dtype, Device device) : IWeightSource
    {
        public Tensor Get(ModelTensor weight) => folder.Read(weight.Name, dtype, device);
    }
}
