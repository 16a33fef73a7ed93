namespace Distil.Core.Documents;

/// <summary>The form in which a model computes an operation on its device.</summary>
/// <param name="Operation">The operation, for instance <c>sLSTM cell</c>.</param>
/// <param name="Form">How it is computed: <c>plain</c> (torch's own operations), <c>cpu</c> or <c>cuda</c> (a kernel).</param>
/// <param name="UnavailableReason">Why no kernel could be used and what that costs, in a sentence; null if the form is a kernel or none was expected.</param>
public sealed record OperationForm(string Operation, string Form, string? UnavailableReason = null);
