using Distil.Core.Documents;
using Distil.Trainer.Kernels;
using Distil.Trainer.Torch;
using Distil.Trainer.Training.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace Distil.Trainer.Training.Steps;

/// <summary>Keeps steps' numbers until several are read together, and reads those of steps that a GPU has done while it does the next: it never runs out of work.</summary>
internal sealed class StepReadings(TimeProvider time, Action<StepMetrics> onStep)
{
    /// <summary>Steps that stay queued on a GPU while earlier ones are read.</summary>
    private const int Lead = 2;

    private readonly Queue<(Step Step, HostCopy Values)> _waiting = [];
    private long _since;
    private int _lead;

    /// <summary>What the host knows of a step.</summary>
    internal sealed record Step(TrainingPosition Position, DeltaWeights? Weights, double LearningRate, long Tokens);

    /// <summary>Speed is measured from here.</summary>
    internal void Begin() => _since = time.GetTimestamp();

    /// <param name="step">Which step.</param>
    /// <param name="values">As <see cref="TrainingStep.Run"/> gave them.</param>
    internal void Add(Step step, Tensor values)
    {
        _lead = values.device_type == DeviceType.CUDA ? Lead : 0;
        _waiting.Enqueue((step, new HostCopy(values)));
    }

    /// <summary>Reads and hands on what waits, once it is so many steps.</summary>
    /// <exception cref="NonFiniteTrainingException">The loss or gradient of a step that is read is not finite.</exception>
    internal void ReadEvery(int steps)
    {
        if (_waiting.Count >= steps + _lead)
        {
            Read(_waiting.Count - _lead);
        }
    }

    /// <summary>Reads and hands on all that waits.</summary>
    /// <exception cref="NonFiniteTrainingException">A step's loss or gradient is not finite.</exception>
    internal void ReadAll() => Read(_waiting.Count);

    private void Read(int count)
    {
        if (count == 0)
        {
            return;
        }

        var steps = new Step[count];
        var numbers = new double[count][];
        for (var i = 0; i < count; i++)
        {
            (steps[i], var values) = _waiting.Dequeue();
            using (values)
            {
                numbers[i] = values.Wait<double>().ToArray();
            }
        }

        var speed = steps.Sum(step => step.Tokens) / Math.Max(1e-9, time.GetElapsedTime(_since).TotalSeconds);
        for (var i = 0; i < count; i++)
        {
            onStep(Metrics(steps[i], numbers[i], speed));
        }
        Begin();
    }

    private static StepMetrics Metrics(Step step, ReadOnlySpan<double> values, double speed)
    {
        var (loss, norm) = (values[(int)TrainingStep.Value.Loss], values[(int)TrainingStep.Value.GradientNorm]);
        if (!double.IsFinite(loss) || !double.IsFinite(norm))
        {
            throw new NonFiniteTrainingException(step.Position.GlobalStep, loss, step.LearningRate, norm);
        }

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
