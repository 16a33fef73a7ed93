using Distil.Trainer.Kernels;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm.Stack;

/// <summary>All blocks and the last norm, in training, as one function of torch's autograd: if each of their operations has its CUDA kernel.</summary>
/// <param name="blocks">Each runs one part of the stack on the output of the part before it, in order; the last is the norm.</param>
/// <param name="finalNorm">The norm's weight.</param>
internal sealed class FusedStack(IReadOnlyList<Func<Tensor, IFusedBlock>> blocks, Tensor finalNorm)
{
    /// <param name="x">The embedded tokens, float32 (B, S, D).</param>
    /// <returns>After the last norm, bfloat16 (B, S, D). What the backward pass needs is moved to the dispose scope around the caller's.</returns>
    internal Tensor Forward(Tensor x)
    {
        var call = new Call(blocks, x.requires_grad);
        // The weight is an input only so that autograd records the backward pass, which adds the gradients itself.
        var output = AutogradFunction.Apply(call, [finalNorm, x])[0];
        call.MoveToOuterDisposeScope();
        return output;
    }

    /// <summary>One forward pass and the backward pass that may follow.</summary>
    private sealed class Call(IReadOnlyList<Func<Tensor, IFusedBlock>> parts, bool trainsInput) : IAutogradOperation
    {
        private readonly List<IFusedBlock> _run = [];

        /// <inheritdoc/>
        public (IReadOnlyList<Tensor> Outputs, IReadOnlyList<Tensor> Saved) Forward(IReadOnlyList<Tensor> inputs)
        {
            var x = inputs[1];
            foreach (var part in parts)
            {
                _run.Add(part(x));
                x = _run[^1].Output;
            }

            MoveToOuterDisposeScope();
            return ([x], []);
        }

        /// <inheritdoc/>
        /// <remarks>The blocks have added the weights' gradients: only that of the input may be left to return.</remarks>
        public IReadOnlyList<Tensor?> Backward(IReadOnlyList<Tensor> saved, IReadOnlyList<Tensor> gradients)
        {
            Tensor? ofOutput = null;
            foreach (var block in _run.AsEnumerable().Reverse())
            {
                using var scope = NewDisposeScope();
                var ofInput = block.Backward(ofOutput ?? gradients[0]).MoveToOuterDisposeScope();
                ofOutput?.Dispose();
                ofOutput = ofInput;
                block.Saved.Dispose();
            }

            return [null, trainsInput ? ofOutput : null];
        }

        /// <summary>Moves what the backward pass needs one dispose scope outwards.</summary>
        internal void MoveToOuterDisposeScope()
        {
            foreach (var block in _run)
            {
                block.Saved.MoveToOuterDisposeScope();
            }
        }
    }
}
