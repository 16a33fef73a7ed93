using Distil.Core.Models.Folders;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Linearised;

/// <summary>The new weights of one layer.</summary>
/// <param name="QueryFeatures">(NH, DH, DH).</param>
/// <param name="KeyFeatures">(NH, DH, DH).</param>
/// <param name="InputGate">(NH, D).</param>
/// <param name="InputBias">(NH).</param>
/// <param name="ForgetGate">(NH, D).</param>
/// <param name="ForgetBias">(NH).</param>
/// <param name="OutputGate">(NH·DH, D); null without an output gate.</param>
/// <param name="OutputBias">(NH·DH).</param>
/// <param name="Mix">(NH, 3·DH), for query, key and value; null without a window.</param>
/// <param name="MixBias">(NH).</param>
internal sealed record MixerWeights(
    Tensor QueryFeatures, Tensor KeyFeatures, Tensor InputGate, Tensor InputBias, Tensor ForgetGate, Tensor ForgetBias,
    Tensor? OutputGate, Tensor? OutputBias, Tensor? Mix, Tensor? MixBias)
{
    /// <summary>Finds a layer's weights by their full names.</summary>
    internal static MixerWeights Of(IReadOnlyDictionary<string, Tensor> weights, int layer)
    {
        Tensor? Find(string name) => weights.GetValueOrDefault(MixerTensors.FullName(layer, name));
        return new(
            Find(MixerTensors.QueryFeatures)!, Find(MixerTensors.KeyFeatures)!, Find(MixerTensors.InputGate)!, Find(MixerTensors.InputBias)!,
            Find(MixerTensors.ForgetGate)!, Find(MixerTensors.ForgetBias)!, Find(MixerTensors.OutputGate), Find(MixerTensors.OutputBias),
            Find(MixerTensors.Mix), Find(MixerTensors.MixBias));
    }
}
