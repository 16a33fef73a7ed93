using Distil.Core.Specification;
using Distil.Trainer.Distillation.Alignment;
using Distil.Trainer.Distillation.Annealing;

namespace Distil.Trainer.Training.Steps;

/// <summary>The Δ-distillation loss over time: L = (1 − α − β)·CE + α·T²·D + β·alignment, with KL for D unless set (Distil-xLSTM,
/// arXiv 2503.18565).</summary>
public sealed class DeltaDistillation(DistillationSpec spec)
{
    private readonly LogarithmicAnnealing _alpha = new(spec.Alpha);
    private readonly LogarithmicAnnealing _temperature = new(spec.Temperature);

    /// <value>The third term.</value>
    public HiddenStateAlignment Alignment { get; } = new(spec.Alignment);

    /// <value>What stands for KL.</value>
    public DivergenceSpec Divergence => spec.Divergence;

    /// <summary>Returns the weights of an optimiser step.</summary>
    /// <param name="epoch">Epoch, from 0.</param>
    /// <param name="step">Optimiser step inside the epoch, from 0.</param>
    public DeltaWeights At(int epoch, long step) => new(
        _alpha.At(epoch, step), _temperature.At(epoch, step), spec.Alignment.Kind == AlignmentKind.None ? 0 : spec.Alignment.Weight);
}

/// <summary>The loss's weights at one step.</summary>
/// <param name="Alpha">α, the weight of the divergence.</param>
/// <param name="Temperature">T.</param>
/// <param name="Beta">β, the weight of the alignment.</param>
public readonly record struct DeltaWeights(double Alpha, double Temperature, double Beta);
