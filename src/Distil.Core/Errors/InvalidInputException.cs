namespace Distil.Core.Errors;

/// <summary>The user's input cannot be used. Ends a command with exit code 2, a job with class <c>invalid-input</c>, an HTTP call with 400.</summary>
/// <remarks>The message is complete by itself: it names the file, field or blob, the value found and what was expected. It is for people: programs read
/// <see cref="Errors"/>.</remarks>
public sealed class InvalidInputException : Exception
{
    /// <summary>An error that is not of one field.</summary>
    public InvalidInputException(string message, Exception? cause = null)
        : this(message, [], cause)
    {
    }

    /// <summary>An error of one field.</summary>
    /// <param name="field">The field, or a command's option.</param>
    /// <param name="fault">What is wrong. The message is the field, a colon and this.</param>
    public InvalidInputException(FieldPath field, string fault)
        : this($"{field}: {fault}", ErrorsOf(field, $"{field}: {fault}"), null)
    {
    }

    /// <summary>An error of one field, whose message is the field error's.</summary>
    public InvalidInputException(FieldError error)
        : this(error.Message, [error], null)
    {
    }

    /// <summary>Several errors of a document: the message has a line for each.</summary>
    /// <param name="document">The document's name, for instance <c>spec.json</c>.</param>
    /// <param name="errors">At least one.</param>
    public InvalidInputException(string document, IReadOnlyList<FieldError> errors)
        : this(string.Join('\n', errors.Select(error => $"{document}: {error.Message}")), errors, null)
    {
    }

    private InvalidInputException(string message, IReadOnlyList<FieldError> errors, Exception? cause)
        : base(message, cause) => Errors = errors;

    /// <value>The errors by field; empty if the input is not a document of fields.</value>
    public IReadOnlyList<FieldError> Errors { get; }

    /// <summary>The same error with the field that led to it: the reader of a file does not know which field named the file.</summary>
    public InvalidInputException At(FieldPath field) => new(Message, ErrorsOf(field, Message), this);

    private static IReadOnlyList<FieldError> ErrorsOf(FieldPath field, string message) =>
        field.Pointer is { } pointer ? [new FieldError(pointer, message)] : [];
}
