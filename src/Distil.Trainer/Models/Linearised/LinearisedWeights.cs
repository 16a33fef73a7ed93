using Distil.Core.Models;
using Distil.Core.Safetensors;
using Distil.Core.Specification;
using Distil.Trainer.Models.Transformers;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Linearised;

/// <summary>A linearised student's weights: those of its teacher, under the teacher's names, and the new ones.</summary>
internal sealed class LinearisedWeights : IDisposable
{
    private LinearisedWeights(TransformerWeights inherited, IReadOnlyList<NamedParameter> added) => (Inherited, New) = (inherited, added);

    /// <value>The teacher's.</value>
    internal TransformerWeights Inherited { get; }

    /// <value>The new ones, layer by layer.</value>
    internal IReadOnlyList<NamedParameter> New { get; }

    /// <summary>A new student's: the teacher's weights, copied from its folder, and the new ones at their start.</summary>
    /// <exception cref="Core.Errors.InvalidInputException">A file, field or weight is missing or does not fit.</exception>
    internal static LinearisedWeights Inherit(LinearisedShape shape, string teacherFolder, GateSpec start, Device device) => Read(
        shape, teacherFolder, device, (parameter, _) =>
        {
            using var scope = NewDisposeScope();
            return parameter.Start().to(ScalarType.Float32, device).MoveToOuterDisposeScope();
        }, start);

    /// <summary>A saved student's.</summary>
    /// <exception cref="Core.Errors.InvalidInputException">A file, field or weight is missing or does not fit.</exception>
    internal static LinearisedWeights Load(LinearisedShape shape, string folder, Device device) => Read(
        shape, folder, device, (parameter, source) => source.Get(parameter.FullName, StartValue.Zero, parameter.Shape), new GateSpec());

    /// <inheritdoc />
    public void Dispose()
    {
        Inherited.Dispose();
        foreach (var weight in New)
        {
            weight.Value.Dispose();
        }
    }

    private static LinearisedWeights Read(
        LinearisedShape shape, string folder, Device device, Func<MixerParameter, IWeightSource, Tensor> added, GateSpec start)
    {
        using var files = WeightFolder.Open(folder);
        var source = new WeightsOfFolder(files, ScalarType.Float32, device);
        var inherited = new TransformerWeights(shape.Transformer, source);
        try
        {
            return new(inherited, [.. MixerParameter.Of(shape, start).Select(
                parameter => new NamedParameter(parameter.FullName, added(parameter, source).DetachFromDisposeScope()))]);
        }
        catch
        {
            inherited.Dispose();
            throw;
        }
    }
}
