using System.Runtime.ExceptionServices;
using static TorchSharp.torch;

namespace Distil.Trainer.Torch;

/// <summary>Runs a backward pass that may call this project's own backward functions, and cleans up after it.</summary>
/// <remarks>
/// A custom backward is called from native code: an exception must not cross those frames, and neither the gradient that it receives nor those that it
/// returns belong to a dispose scope. An exception is therefore stored until the pass is over. Returned gradients are stored until torch has taken them over,
/// which is the case when it calls the next backward on that thread. The passes of several threads run one at a time.
/// </remarks>
public static class GradientScope
{
    private static readonly Lock Turn = new();
    private static readonly Lock Gate = new();
    private static readonly Dictionary<int, List<Tensor>> Returned = []; // by thread
    private static ExceptionDispatchInfo? _failure;
    private static bool _open;

    /// <summary>Adds the gradients of <paramref name="output"/> to its leaves; use it instead of <c>backward()</c> in training code.</summary>
    /// <param name="output">A 0-d loss, or any tensor if <paramref name="gradient"/> is given.</param>
    /// <param name="gradient">The gradient of the loss with respect to <paramref name="output"/>, of its shape.</param>
    public static void Backward(Tensor output, Tensor? gradient = null)
    {
        lock (Turn)
        {
            lock (Gate)
            {
                _open = true;
            }
            try
            {
                if (gradient is null)
                {
                    output.backward();
                }
                else
                {
                    output.backward([gradient]);
                }
            }
            finally
            {
                Close()?.Throw();
            }
        }
    }

    /// <summary>Calls the body of a custom backward, and stores its gradients for the pass and its exception for the caller of
    /// <see cref="Backward"/>.</summary>
    /// <param name="inputs">Inputs of the function: as many gradients as torch expects.</param>
    /// <param name="gradient">The gradient that the backward received. It is disposed here, because nothing else does it before a garbage collection.</param>
    /// <param name="body">Computes the gradients, in the order of the inputs; null if an input has none.</param>
    internal static List<Tensor> Run(int inputs, Tensor gradient, Func<List<Tensor>> body) => Run(inputs, [gradient], body);

    /// <inheritdoc cref="Run(int, Tensor, Func{List{Tensor}})"/>
    internal static List<Tensor> Run(int inputs, List<Tensor> received, Func<List<Tensor>> body)
    {
        try
        {
            using var scope = NewDisposeScope();
            if (received.Any(gradient => gradient.IsInvalid) && Failed)
            {
                return [.. Enumerable.Repeat<Tensor>(null!, inputs)];
            } // it was a later function that failed; else the gradient is of an output that was not used

            var gradients = body();
            foreach (var made in gradients)
            {
                made?.DetachFromDisposeScope();
            }
            lock (Gate)
            {
                var former = Returned.GetValueOrDefault(Environment.CurrentManagedThreadId, []);
                foreach (var taken in former)
                {
                    taken.Dispose();
                }
                if (_open)
                {
                    Returned[Environment.CurrentManagedThreadId] = [.. gradients.Where(made => made is not null)];
                }
            }

            return gradients;
        }
        catch (Exception failure)
        {
            lock (Gate)
            {
                if (!_open)
                {
                    Environment.FailFast("A gradient kernel failed in a backward pass that was not started by GradientScope.Backward.", failure);
                }
                _failure ??= ExceptionDispatchInfo.Capture(failure);
            }

            return [.. Enumerable.Repeat<Tensor>(null!, inputs)];
        }
        finally
        {
            foreach (var gradient in received.Where(gradient => !gradient.IsInvalid))
            {
                gradient.Dispose();
            }
        }
    }

    private static bool Failed
    {
        get
        {
            lock (Gate)
            {
                return _failure is not null;
            }
        }
    }

    private static ExceptionDispatchInfo? Close()
    {
        lock (Gate)
        {
            foreach (var gradient in Returned.Values.SelectMany(made => made))
            {
                gradient.Dispose();
            }
            Returned.Clear();
            _open = false;
            (var failure, _failure) = (_failure, null);
            return failure;
        }
    }
}
