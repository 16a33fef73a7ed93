using System.Runtime.ExceptionServices;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm.Kernels;

/// <summary>Runs a backward pass that may call this project's own backward functions, and clears up after it.</summary>
/// <remarks>
/// A custom backward is called from native code: an exception must not cross those frames, and the tensors that it returns belong to no dispose
/// scope, since torch goes on using them. Both are kept here until the pass is over. Passes of several threads take turns.
/// </remarks>
public static class GradientScope
{
    private static readonly Lock Turn = new();
    private static readonly Lock Gate = new();
    private static readonly List<Tensor> Kept = [];
    private static ExceptionDispatchInfo? _failure;
    private static bool _open;

    /// <summary>Adds the gradients of <paramref name="output"/> to its leaves: use it wherever <c>backward()</c> would stand in training code.</summary>
    /// <param name="output">A 0-d loss, or any tensor when <paramref name="gradient"/> is given.</param>
    /// <param name="gradient">The gradient of the loss with respect to <paramref name="output"/>, of its shape.</param>
    public static void Backward(Tensor output, Tensor? gradient = null)
    {
        lock (Turn)
        {
            lock (Gate) { _open = true; }
            try
            {
                if (gradient is null) { output.backward(); }
                else { output.backward([gradient]); }
            }
            finally
            {
                Close()?.Throw();
            }
        }
    }

    /// <summary>Calls the body of a custom backward: keeps its gradients for the pass, and its exception for the caller of <see cref="Backward"/>.</summary>
    /// <param name="inputs">Inputs of the function: as many gradients as torch expects.</param>
    /// <param name="body">Makes the gradients, in the order of the inputs; null where there is none.</param>
    internal static List<Tensor> Run(int inputs, Func<List<Tensor>> body)
    {
        try
        {
            using var scope = NewDisposeScope();
            var gradients = body();
            lock (Gate)
            {
                foreach (var gradient in gradients)
                {
                    if (gradient is null) { continue; }
                    gradient.DetachFromDisposeScope();
                    if (_open) { Kept.Add(gradient); }
                }
            }

            return gradients;
        }
        catch (Exception failure)
        {
            lock (Gate)
            {
                if (!_open) { Environment.FailFast("A gradient kernel failed in a backward pass that was not started by GradientScope.Backward.", failure); }
                _failure ??= ExceptionDispatchInfo.Capture(failure);
            }

            return [.. Enumerable.Repeat<Tensor>(null!, inputs)];
        }
    }

    private static ExceptionDispatchInfo? Close()
    {
        lock (Gate)
        {
            foreach (var gradient in Kept) { gradient.Dispose(); }
            Kept.Clear();
            _open = false;
            (var failure, _failure) = (_failure, null);
            return failure;
        }
    }
}
