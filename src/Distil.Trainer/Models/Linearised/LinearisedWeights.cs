using Distil.Core.Errors;
using Distil.Core.Models;
using Distil.Core.Models.Folders;
using Distil.Core.Safetensors;
using Distil.Inference.Engines;
using Distil.Inference.Models;
using Distil.Core.Specification;
using Distil.Trainer.Models.Transformers;
using Distil.Trainer.Safetensors;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Linearised;

/// <summary>A linearised student's weights: those of its teacher, under the teacher's names, and the new ones.</summary>
internal sealed class LinearisedWeights : IDisposable
{
    private LinearisedWeights(LinearisedShape shape, TransformerWeights inherited, IReadOnlyList<NamedParameter> added) =>
        (Shape, Inherited, New) = (shape, inherited, added);

    /// <value>The student's shape. Its head is not tied if the teacher's weights contain another head.</value>
    internal LinearisedShape Shape { get; }

    /// <value>The teacher's.</value>
    internal TransformerWeights Inherited { get; }

    /// <value>The new ones, layer by layer.</value>
    internal IReadOnlyList<NamedParameter> New { get; }

    /// <value>What was read of a saved student's folder; null for a new student.</value>
    internal ModelReading? Reading { get; private init; }

    /// <summary>A new student's: the teacher's weights, copied from its folder, and the new ones at their start.</summary>
    /// <exception cref="InvalidInputException">A file, field or weight is missing or does not fit.</exception>
    internal static LinearisedWeights Inherit(LinearisedShape shape, string teacherFolder, GateSpec start, Device device)
    {
        using var files = TransformerFolder.Open(teacherFolder);
        return Read(shape with { Transformer = LinearisedTeacher.Of(files.Config) }, files.In(ScalarType.Float32, device), start, parameter =>
        {
            using var scope = NewDisposeScope();
            return parameter.Start().to(ScalarType.Float32, device).MoveToOuterDisposeScope();
        });
    }

    /// <summary>Weights from any source, the new ones by their full names like the inherited.</summary>
    internal static LinearisedWeights From(LinearisedShape shape, IWeightSource source) =>
        Read(shape, source, new GateSpec(), parameter => source.Get(parameter.Weight));

    /// <summary>A saved student's.</summary>
    /// <exception cref="InvalidInputException">A file, field or weight is missing or does not fit.</exception>
    internal static LinearisedWeights Load(LinearisedShape shape, string folder, Device device)
    {
        using var files = WeightFolder.Open(folder);
        StudentTensors.RequireLayers(files, shape.Transformer.Layers);
        var source = new Source(files, device);
        var reading = StudentTensors.Check(
            files, TransformerTensors.Of(shape.Transformer).Concat(MixerTensors.Of(shape)).Select(tensor => tensor.Name), MixerTensors.Inside);
        var read = Read(shape, source, new GateSpec(), parameter => source.Get(parameter.Weight), reading);
        LinearisedReader.RequireState(files, shape);
        return read;
    }

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
        LinearisedShape shape, IWeightSource source, GateSpec start, Func<MixerParameter, Tensor> added, ModelReading? reading = null)
    {
        var inherited = new TransformerWeights(shape.Transformer, source);
        try
        {
            return new(shape, inherited, [.. MixerParameter.Of(shape, start).Select(
                parameter => new NamedParameter(parameter.Weight.Name, added(parameter).DetachFromDisposeScope()))]) { Reading = reading };
        }
        catch
        {
            inherited.Dispose();
            throw;
        }
    }

    /// <summary>The weights of a saved student: every name and shape is known.</summary>
    private sealed class Source(WeightFolder files, Device device) : IWeightSource
    {
        public Tensor Get(ModelTensor weight) => files.ReadExact(
            weight.Name, weight.Shape, $"config.json ({string.Join(", ", weight.Dimensions.Select(dimension => dimension.Field))})", ScalarType.Float32, device)
            .DetachFromDisposeScope();
    }
}
