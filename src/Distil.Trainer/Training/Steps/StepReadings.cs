using Distil.Core.Documents;
using Distil.Trainer.Kernels;
using Distil.Trainer.Training.Checkpoints;
using Distil.Trainer.Training.Stages;
using TorchSharp;
using static TorchSharp.torch;

namespace Distil.Trainer.Training.Steps;

/// <summary>Buffers step metrics on the device and reads them a few steps late, so that reading never stalls the GPU.</summary>
internal sealed class StepReadings(TimeProvider time, Action<StepMetrics> onStep)
{
    /// <summary>Steps that remain queued on a GPU while earlier ones are read.</summary>
    private const int Lead = 2;

    private readonly Queue<(Step Step, HostCopy Values)> _waiting = [];
    private long _since;
    private int _lead;

    /// <summary>The host's data of a step.</summary>
    internal sealed record Step(TrainingPosition Position, ITrainingStage Stage, long Tokens, long? Labels);

    /// <summary>Starts measuring the speed.</summary>
    internal void Begin() => _since = time.GetTimestamp();

    /// <param name="step">The step.</param>
    /// <param name="values">The result of its stage's <see cref="ITrainingStage.Run"/>.</param>
    internal void Add(Step step, Tensor values)
    {
        _lead = values.device_type == DeviceType.CUDA ? Lead : 0;
        _waiting.Enqueue((step, new HostCopy(values)));
    }

    /// <summary>Reads and reports the waiting steps, once there are that many.</summary>
    /// <exception cref="NonFiniteTrainingException">The loss or gradient of a step that is read is not finite.</exception>
    internal void ReadEvery(int steps)
    {
        if (_waiting.Count >= steps + _lead)
        {
            Read(_waiting.Count - _lead);
        }
    }

    /// <summary>Reads and reports all waiting steps.</summary>
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
        var metrics = step.Stage.Describe(
            new StepMetrics
            {
                Epoch = step.Position.Epoch,
                Step = step.Position.Step,
                GlobalStep = step.Position.GlobalStep,
                Loss = double.NaN,
                LearningRate = double.NaN,
                GradientNorm = double.NaN,
                Tokens = step.Tokens,
                Labels = step.Labels,
                TokensPerSecond = speed,
            },
            values);
        return double.IsFinite(metrics.Loss) && double.IsFinite(metrics.GradientNorm)
            ? metrics
            : throw new NonFiniteTrainingException(step.Position.GlobalStep, metrics.Loss, metrics.LearningRate, metrics.GradientNorm);
    }
}
