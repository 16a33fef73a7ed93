using Distil.Core.Models;
using Distil.Core.Models.Folders;
using Distil.Core.Specification;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Linearised;

/// <summary>A weight that a linearised student has beside those of its teacher.</summary>
/// <param name="Weight">Its name and shape in a model folder.</param>
/// <param name="Start">Its value in a new student, on the CPU.</param>
internal sealed record MixerParameter(ModelTensor Weight, Func<Tensor> Start)
{
    /// <summary>The new weights of a student, in the order of its layers. At the start, features are softmax(u) of the teacher's own queries and keys, all
    /// gates are constant, and the mix is mostly the window.</summary>
    internal static IEnumerable<MixerParameter> Of(LinearisedShape shape, GateSpec start) =>
        MixerTensors.Of(shape).Select(weight => new MixerParameter(weight, () => Value(weight, start)));

    private static Tensor Value(ModelTensor weight, GateSpec start) => MixerTensors.NameOf(weight) switch
    {
        MixerTensors.QueryFeatures or MixerTensors.KeyFeatures => eye(weight.Shape[1]).repeat(weight.Shape[0], 1, 1),
        MixerTensors.ForgetBias => linspace(start.ForgetFrom, start.ForgetTo, weight.Shape[0], ScalarType.Float32),
        MixerTensors.OutputBias => full(weight.Shape, start.Output, ScalarType.Float32),
        MixerTensors.MixBias => full(weight.Shape, Math.Log(start.Memory / (1 - start.Memory)), ScalarType.Float32),
        _ => zeros(weight.Shape),
    };
}
