using Distil.Core.Specification;

namespace Distil.Trainer.Distillation.Annealing;

/// <summary>Logarithmic inside an epoch, stepwise between epochs: v(k) = to + (v₀ − to) / (1 + ln(1 + k)) (Distil-xLSTM, arXiv 2503.18565).</summary>
/// <remarks>A pure function of (epoch, step): a resumed run needs no saved schedule state.</remarks>
public sealed class LogarithmicAnnealing(ScheduleSpec schedule)
{
    /// <summary>The value that an optimiser step uses.</summary>
    /// <param name="epoch">Epoch, from 0.</param>
    /// <param name="step">Optimiser step inside the epoch, from 0.</param>
    public double At(int epoch, long step)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        return schedule.To + (StartOf(epoch) - schedule.To) / (1 + Math.Log(1 + step));
    }

    /// <summary>v₀, the value at an epoch's first step.</summary>
    /// <param name="epoch">Epoch, from 0.</param>
    public double StartOf(int epoch) => Math.Max(schedule.To, schedule.Decay switch
    {
        EpochDecay.Constant => schedule.From - epoch * schedule.Delta,
        EpochDecay.Relative => schedule.From * Math.Pow(1 - schedule.Delta, epoch),
        _ => throw new InvalidOperationException($"unknown decay {schedule.Decay}"),
    });
}
