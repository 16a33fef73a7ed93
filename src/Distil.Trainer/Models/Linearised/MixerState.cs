using Distil.Core.Models;
using Distil.Trainer.Models.Xlstm.MLstm.Cell;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Linearised;

/// <summary>What a mixed layer remembers between decoding steps.</summary>
/// <param name="Memory">The mLSTM's state.</param>
/// <param name="Window">Keys and values of the window; null without one.</param>
internal sealed record MixerState(MLstmState Memory, WindowCache? Window) : IDisposable
{
    internal long Bytes => Memory.Bytes + (Window?.Bytes ?? 0);

    /// <summary>The state before the first token.</summary>
    internal static MixerState Start(LinearisedShape shape, long batch, ScalarType type, Device device) => new(
        MLstmState.Start(
            batch, shape.Transformer.Heads, (shape.FeatureSize, shape.Transformer.HeadSize), device, MLstmNormaliser.Plain,
            type == ScalarType.Float64 ? type : ScalarType.Float32),
        shape.Window > 0 ? new WindowCache(shape, batch, type, device) : null);

    /// <summary>An independent copy.</summary>
    internal MixerState Copy(LinearisedShape shape, long batch)
    {
        var memory = Memory.Copy();
        WindowCache? window = null;
        if (Window is not null)
        {
            window = new WindowCache(shape, batch, Window.Tensors[0].dtype, Window.Tensors[0].device);
            window.CopyFrom(Window);
        }

        return new(memory, window);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        Memory.Dispose();
        Window?.Dispose();
    }
}
