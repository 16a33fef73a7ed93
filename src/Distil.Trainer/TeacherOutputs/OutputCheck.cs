namespace Distil.Trainer.TeacherOutputs;

/// <summary>Finds outputs of a teacher that are infinite or not a number before they are stored: a student would learn them.</summary>
internal static class OutputCheck
{
    /// <summary>Checks the kept tokens of a position.</summary>
    /// <param name="row">The row, for the message.</param>
    /// <param name="position">The position, for the message.</param>
    /// <param name="logProbabilities">Log-probabilities of the kept tokens.</param>
    /// <param name="tails">Logarithms of the rest's mass; −∞ if nothing is left.</param>
    /// <exception cref="NonFiniteOutputsException">One of them is not finite.</exception>
    internal static void RequireFinite(int row, int position, ReadOnlySpan<float> logProbabilities, ReadOnlySpan<float> tails)
    {
        foreach (var log in logProbabilities)
        {
            if (!float.IsFinite(log))
            {
                throw new NonFiniteOutputsException(row, position, $"a log-probability is {log}");
            }
        }

        foreach (var tail in tails)
        {
            if (float.IsNaN(tail) || tail == float.PositiveInfinity)
            {
                throw new NonFiniteOutputsException(row, position, $"the mass of the other tokens is e^{tail}");
            }
        }

        if (logProbabilities.IsEmpty)
        {
            throw new NonFiniteOutputsException(row, position, "no token has a finite log-probability");
        }
    }

    /// <summary>Checks the hidden states of a row.</summary>
    /// <param name="row">The row, for the message.</param>
    /// <param name="width">Numbers of a position.</param>
    /// <param name="hidden">Position by position.</param>
    /// <exception cref="NonFiniteOutputsException">One of them is not finite, or too large for float16.</exception>
    internal static void RequireFinite(int row, int width, ReadOnlySpan<Half> hidden)
    {
        for (var i = 0; i < hidden.Length; i++)
        {
            if (!Half.IsFinite(hidden[i]))
            {
                throw new NonFiniteOutputsException(row, i / width, $"the mean hidden state has the value {hidden[i]} in float16");
            }
        }
    }
}
