using Distil.Trainer.Training.Checkpoints;
using static TorchSharp.torch;

namespace Distil.Trainer.Training.Steps;

/// <summary>Keeps steps' numbers on the device until several are read together: each reading waits for a GPU to finish its work.</summary>
internal sealed class StepReadings(TimeProvider time, Action<StepMetrics> onStep)
{
    private readonly List<(Step Step, Tensor Values)> _waiting = [];
    private long _since;

    /// <summary>What the host knows of a step.</summary>
    internal sealed record Step(TrainingPosition Position, DeltaWeights? Weights, double LearningRate, long Tokens);

    /// <value>Steps not read yet.</value>
    internal int Count => _waiting.Count;

    /// <summary>Speed is measured from here.</summary>
    internal void Begin() => _since = time.GetTimestamp();

    /// <param name="step">Which step.</param>
    /// <param name="values">As <see cref="TrainingStep.Run"/> gave them.</param>
    internal void Add(Step step, Tensor values) => _waiting.Add((step, values.DetachFromDisposeScope()));

    /// <summary>Reads and hands on all that waits.</summary>
    /// <exception cref="NonFiniteTrainingException">A step's loss or gradient is not finite.</exception>
    internal void Read()
    {
        if (_waiting.Count == 0)
            return;

        using var scope = NewDisposeScope();
        using var all = stack(_waiting.Select(item => item.Values)).cpu();                   // (n, 5)
        var numbers = all.data<double>().ToArray();
        var speed = _waiting.Sum(item => item.Step.Tokens) / Math.Max(1e-9, time.GetElapsedTime(_since).TotalSeconds);
        var steps = _waiting.Select(item => item.Step).ToArray();
        Clear();
        for (var i = 0; i < steps.Length; i++)
            onStep(Metrics(steps[i], numbers.AsSpan(i * (int)all.shape[1]), speed));
        Begin();
    }

    private void Clear()
    {
        foreach (var (_, values) in _waiting)
            values.Dispose();
        _waiting.Clear();
    }

    private static StepMetrics Metrics(Step step, ReadOnlySpan<double> values, double speed)
    {
        var (loss, norm) = (values[(int)TrainingStep.Value.Loss], values[(int)TrainingStep.Value.GradientNorm]);
        if (!double.IsFinite(loss) || !double.IsFinite(norm))
            throw new NonFiniteTrainingException(step.Position.GlobalStep, loss, step.LearningRate, norm);

        return new StepMetrics
        {
            Epoch = step.Position.Epoch,
            Step = step.Position.Step,
            GlobalStep = step.Position.GlobalStep,
            Loss = loss,
            CrossEntropy = values[(int)TrainingStep.Value.CrossEntropy],
            Kl = step.Weights is null ? null : values[(int)TrainingStep.Value.Kl],
            Alignment = step.Weights is { Beta: > 0 } ? values[(int)TrainingStep.Value.Alignment] : null,
            Alpha = step.Weights?.Alpha,
            Temperature = step.Weights?.Temperature,
            Beta = step.Weights?.Beta,
            LearningRate = step.LearningRate,
            GradientNorm = norm,
            Tokens = step.Tokens,
            TokensPerSecond = speed,
        };
    }
}
