namespace Distil.Core.Errors;

/// <summary>One thing that is wrong with one field of a document.</summary>
/// <param name="Pointer">The field, as a JSON Pointer (RFC 6901), for instance <c>/training/epochs</c>; empty for the document itself.</param>
/// <param name="Message">A sentence that names the field, the value found and what was expected.</param>
public sealed record FieldError(string Pointer, string Message);
