using Distil.Core.Errors;

namespace Distil.Trainer.Evaluation;

/// <summary>Finds scores that are not finite, because a logit is not, in the row in which they begin.</summary>
internal static class ScoreCheck
{
    private static readonly (int Index, string Name)[] Sums = [(0, "the model's −log p"), (2, "the teacher's −log p"), (4, "the KL to the teacher")];

    /// <summary>Returns the sums of a row (<see cref="ScoreSums.Of"/>) if they are finite.</summary>
    /// <param name="sums">The sums of its positions' values.</param>
    /// <param name="row">Its number, from 0, for the message.</param>
    /// <exception cref="InvalidInputException">One of them is not finite.</exception>
    internal static double[] Finite(double[] sums, int row)
    {
        foreach (var (i, name) in Sums)
        {
            if (!double.IsFinite(sums[i]))
            {
                throw new InvalidInputException($"row {row} of the evaluation data: {name} is {sums[i]}; expected a finite number");
            }
        }

        return sums;
    }
}
