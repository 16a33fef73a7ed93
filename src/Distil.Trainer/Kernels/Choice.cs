using Distil.Core.Documents;

namespace Distil.Trainer.Kernels;

/// <summary>A kernel that a model may use.</summary>
/// <typeparam name="T">What runs an operation: the same type for all its forms.</typeparam>
/// <param name="Kernel">Which.</param>
/// <param name="Run">The kernel.</param>
/// <param name="UnavailableReason">
/// Says why it does not support the model's sizes on this machine's card; gives null if it does. Called only if kernels can run.
/// </param>
internal readonly record struct Candidate<T>(Kernel Kernel, T Run, Func<string?>? UnavailableReason = null);

/// <summary>The form that was chosen for an operation.</summary>
/// <param name="Run">Runs it.</param>
/// <param name="Report">For the run's status and report.</param>
internal sealed record Choice<T>(T Run, OperationForm Report)
{
    /// <value>Whether it is a CUDA kernel.</value>
    internal bool IsCuda => Report.Form == Backend.NameOf(Form.Cuda);
}
