namespace Distil.Core.Errors;

/// <summary>What is wrong with one field of a document.</summary>
/// <param name="Pointer">The field, as a JSON Pointer (RFC 6901), for instance <c>/training/epochs</c>; empty for the document itself.</param>
/// <param name="Message">A sentence that names the field, the value found and what was expected.</param>
public sealed record FieldError(string Pointer, string Message)
{
    /// <summary>Creates an error of a field.</summary>
    /// <param name="field">A field of a document.</param>
    /// <param name="fault">The rest of the sentence that begins with the field: <c>is 0; expected ≥ 1</c>.</param>
    public static FieldError Of(FieldPath field, string fault) => new(field.Pointer ?? "", $"{field} {fault}");
}
