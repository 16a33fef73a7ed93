using System.Globalization;

namespace Distil.Trainer.Training;

/// <summary>The loss or the gradient of a step is infinite or not a number. Nothing is saved after it.</summary>
/// <param name="position">Optimiser step of the whole training, from 0.</param>
/// <param name="loss">The step's loss.</param>
/// <param name="learningRate">The step's learning rate.</param>
/// <param name="gradientNorm">Global norm of the step's gradient.</param>
public sealed class NonFiniteTrainingException(long position, double loss, double learningRate, double gradientNorm)
    : Exception(Describe(position, loss, learningRate, gradientNorm))
{
    /// <value>Optimiser step of the whole training, from 0.</value>
    public long Step => position;

    /// <value>The step's loss.</value>
    public double Loss => loss;

    /// <value>The step's learning rate.</value>
    public double LearningRate => learningRate;

    /// <value>Global norm of the step's gradient.</value>
    public double GradientNorm => gradientNorm;

    private static string Describe(long position, double loss, double learningRate, double gradientNorm)
    {
        // Before the first change of a weight, the learning rate has had no effect.
        var advice = position == 0
            ? "no weight has been changed yet, so the cause is in the weights or outputs of the teacher, or in training.precision"
            : "a lower learning rate may help";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"training stopped: at step {position} the loss is {loss} (learning rate {learningRate:g4}, gradient norm {gradientNorm:g4}); {advice}");
    }
}
