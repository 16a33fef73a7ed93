using Distil.Bench.Decoding;
using Distil.Core.Models;
using Distil.Core.Models.Folders;
using Distil.Core.Specification;
using Distil.Trainer.Models.Linearised;
using Distil.Trainer.Models.Transformers;
using Distil.Trainer.Ranks;
using Distil.Trainer.Training.Optimizers;
using Distil.Trainer.Training.Steps;
using static TorchSharp.torch;

namespace Distil.Bench.Gpu;

/// <summary>A linearised student of a Qwen2.5 shape on CUDA in bfloat16, with random weights, for measuring.</summary>
internal sealed class LinearisedStudent : IDisposable
{
    private const double Rate = 1e-4, FactorOfNew = 10;

    /// <param name="teacher">The teacher's shape.</param>
    /// <param name="length">S.</param>
    /// <param name="window">W.</param>
    internal LinearisedStudent(TransformerConfig teacher, int length, int window)
    {
        manual_seed(1);
        var shape = new LinearisedShape
        {
            Transformer = teacher, ContextLength = length, Window = window, Sinks = window > 0 ? 4 : 0, OutputGate = true,
        };
        Model = LinearisedModel.Of(shape, new Source(shape), trainEmbedding: false, CUDA);
        Model.UseBFloat16();
    }

    /// <value>Qwen2.5-0.5B's shape.</value>
    internal static TransformerConfig Small => BenchStudents.Linearised.Transformer;

    /// <value>Qwen2.5-1.5B's shape.</value>
    internal static TransformerConfig Large => BenchStudents.Large.Transformer;

    internal LinearisedModel Model { get; }

    /// <value>Weights of the model, embedding and head counted once.</value>
    internal long Parameters => Model.TrainableParameters.Sum(parameter => parameter.Value.numel()) + Model.HeadWeight.numel();

    /// <summary>A step of stage II: 0.1·CE + 0.9·KL from stored outputs, all weights but embedding and head trained.</summary>
    internal (Action<StepBatch> Step, AdamW Optimizer) Distillation(IRankGroup? ranks = null)
    {
        var optimizer = new AdamW(Model.TrainableParameters, new() { Beta2 = 0.95, Factor = new(Model.NewParameters, FactorOfNew) }, ranks: ranks);
        var step = new TrainingStep(Model, optimizer, new DeltaDistillation(new DistillationSpec()), gradientClip: 1);
        return (batch => step.Run(batch, new DeltaWeights(0.9, 1, 0), Rate), optimizer);
    }

    /// <inheritdoc/>
    public void Dispose() => Model.Dispose();

    private sealed class Source(LinearisedShape shape) : IWeightSource
    {
        private readonly Dictionary<string, MixerParameter> _new = MixerParameter.Of(shape, new GateSpec()).ToDictionary(parameter => parameter.Weight.Name);

        public Tensor Get(ModelTensor weight)
        {
            using var scope = NewDisposeScope();
            var value = _new.TryGetValue(weight.Name, out var added) ? added.Start().to(CUDA)
                : weight.IsNorm || weight.IsBias ? full(weight.Shape, weight.IsNorm ? 1 : 0, ScalarType.Float32, CUDA)
                : empty(weight.Shape, ScalarType.Float32, CUDA).normal_(0, 0.02);
            return value.DetachFromDisposeScope();
        }
    }
}
