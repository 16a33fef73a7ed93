using Distil.Core.Errors;
using Distil.Core.Models.Folders;
using Distil.Inference.Generation;

namespace Distil.Inference.Engines;

/// <summary>Runs a student for several texts at once, on a processor or a card. One thread uses it at a time.</summary>
/// <remarks>A text gets the same bits alone and among others.</remarks>
public interface IStudentEngine : ITextModel, IDisposable
{
    /// <value>What was read of the student's folder, and what was not.</value>
    ModelReading Reading { get; }

    /// <value>What it runs on, for people.</value>
    string Processor { get; }

    /// <value>Maximum number of tokens in a pass.</value>
    int MaxRows { get; }

    /// <summary>Creates the state before a sequence's first token.</summary>
    ISequenceState NewSequence();

    /// <summary>Reads tokens of one or several sequences and advances their states.</summary>
    /// <param name="inputs">At most <see cref="MaxRows"/>; those of one sequence follow each other in their order.</param>
    /// <exception cref="InvalidInputException">A token is not in the vocabulary, or a sequence would have more tokens than the model reads; nothing is
    /// read.</exception>
    void Run(ReadOnlySpan<StudentInput> inputs);

    /// <summary>The logits after an input of the last pass that wanted them and had no sampler, (V); valid until the next call.</summary>
    /// <param name="index">Counts the inputs that wanted logits, from 0.</param>
    ReadOnlySpan<float> Logits(int index);

    /// <summary>The token that the input's sampler chooses; without one, that with the largest logit, the first of equal ones. To be called once.</summary>
    /// <param name="index">As for <see cref="Logits"/>.</param>
    /// <exception cref="ArithmeticException">A logit is not a number, or none is finite.</exception>
    int Choose(int index);
}

/// <summary>What an engine remembers of one sequence; a copy continues the sequence independently.</summary>
public interface ISequenceState : IDisposable
{
    /// <value>Number of tokens read.</value>
    long Position { get; }

    /// <summary>Copies the state.</summary>
    ISequenceState Fork();

    /// <summary>Becomes equal to another state of the same engine.</summary>
    /// <exception cref="ArgumentException">The other belongs to another engine.</exception>
    void CopyFrom(ISequenceState other);
}
