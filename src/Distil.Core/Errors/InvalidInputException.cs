namespace Distil.Core.Errors;

/// <summary>What the user gave cannot be used. Ends a command with exit code 2, a job with class <c>invalid-input</c>, an HTTP call with 400.</summary>
/// <remarks>The message stands alone: it names the file, field or blob, the value found and what was expected.</remarks>
public sealed class InvalidInputException(string message, Exception? cause = null) : Exception(message, cause);
