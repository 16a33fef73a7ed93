namespace Distil.Core.Errors;

/// <summary>The user's input cannot be used. Ends a command with exit code 2, a job with class <c>invalid-input</c>, an HTTP call with 400.</summary>
/// <remarks>The message is complete by itself: it names the file, field or blob, the value found and what was expected.</remarks>
public sealed class InvalidInputException(string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>Creates the exception for a document with several faults, with one line of message for each.</summary>
    /// <param name="document">The document's name, for instance <c>spec.json</c>.</param>
    /// <param name="errors">The faults, at least one.</param>
    public InvalidInputException(string document, IReadOnlyList<FieldError> errors)
        : this(string.Join('\n', errors.Select(error => $"{document}: {error.Message}"))) => Errors = errors;

    /// <value>The faults by field; empty if the input is not a document of fields.</value>
    public IReadOnlyList<FieldError> Errors { get; } = [];
}
