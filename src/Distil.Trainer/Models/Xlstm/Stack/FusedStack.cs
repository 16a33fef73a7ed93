using Distil.Trainer.Models.Xlstm.Components;
using Distil.Trainer.Models.Xlstm.MLstm;
using Distil.Trainer.Models.Xlstm.MLstm.Cell;
using Distil.Trainer.Models.Xlstm.MLstm.Up;
using Distil.Trainer.Models.Xlstm.SLstm;
using Distil.Trainer.Models.Xlstm.SLstm.Cell;
using Distil.Trainer.Models.Xlstm.SLstm.FeedForward;
using Distil.Trainer.Torch;
using static TorchSharp.torch;
using static TorchSharp.torch.autograd;

namespace Distil.Trainer.Models.Xlstm.Stack;

/// <summary>All blocks and the last norm, in training, as one function of torch's autograd: where each of their parts has its kernels.</summary>
internal sealed class FusedStack
{
    private readonly XlstmConfig _config;
    private readonly BlockWeights[] _blocks;
    private readonly Tensor _finalNorm;
    private readonly Lazy<bool> _kernelsServe;

    internal FusedStack(XlstmConfig config, IReadOnlyDictionary<string, Tensor> weights)
    {
        _config = config;
        _blocks = [.. Enumerable.Range(0, config.Blocks).Select(block => new BlockWeights(weights, block))];
        _finalNorm = weights[XlstmParameter.FinalNorm];
        _kernelsServe = new(KernelsServe);
    }

    /// <summary>Whether a forward pass is to go this way.</summary>
    internal bool Serves(ScalarType arithmetic) => arithmetic == ScalarType.BFloat16 && is_grad_enabled() && _kernelsServe.Value;

    /// <param name="x">The embedded tokens, float32 (B, S, D); no gradient flows to them.</param>
    /// <returns>After the last norm, bfloat16 (B, S, D). What the way back needs goes to the scope around the caller's.</returns>
    internal Tensor Forward(Tensor x)
    {
        var passes = new List<IFusedBlock>();
        var output = Function.apply(_finalNorm, x, this, passes);
        foreach (var pass in passes)
        {
            pass.Kept.MoveToOuterDisposeScope();
        }
        return output;
    }

    private static IEnumerable<Func<Tensor, IFusedBlock>> Of(BlockWeights weights, bool slstm) => slstm
        ? [x => new SLstmFusedBlock(weights, x), x => new FusedFeedForward(weights, x)]
        : [x => new MLstmFusedBlock(weights, x)];

    private bool KernelsServe()
    {
        using var scope = NewDisposeScope();
        var (width, device) = ((long)_config.Width, _finalNorm.device);
        Tensor Like(params long[] shape) => empty(shape, ScalarType.BFloat16, device);
        var stream = Like(1, 1, width).to(ScalarType.Float32);
        bool Serve(BlockWeights weights, bool slstm)
        {
            var taps = weights["xlstm.conv1d.conv.weight"];
            if (!slstm)
            {
                var inner = Like(1, 1, taps.shape[0]);
                return MLstmCudaUp.Serves(MLstmUpInputs.Of(stream, weights), ScalarType.BFloat16) && MLstmCudaCell.Serves(MLstmCellInputs.Of(weights, inner, inner, inner));
            }

            var (heads, size) = (_config.SlstmHeads, width / _config.SlstmHeads);
            return CudaConvolution.Serves(Like(1, 1, width), taps, ScalarType.BFloat16)
                && size % SLstmCudaTiling.Granule == 0 && SLstmCudaScan.Serves(Like(heads, 1, 1, 2 * size), size) && CudaHeadNorm.Serves(stream, Like(1, 1, heads, size))
                && CudaGatedUp.Serves(stream, weights["ffn.proj_up.weight"], _config.FeedForwardActivation, ScalarType.BFloat16);
        }

        return CudaLayerNorm.Serves(stream, ScalarType.BFloat16) && Enumerable.Range(0, _config.Blocks).All(block => Serve(_blocks[block], _config.IsSlstm(block)));
    }

    private sealed class Function : SingleTensorFunction<Function>
    {
        private const string Passes = "passes";

        public override string Name => nameof(FusedStack);

        /// <summary>Inputs: the last norm's weight, by which autograd knows that there is a way back; x; the stack; where the passes go.</summary>
        public override Tensor forward(AutogradContext context, params object[] inputs)
        {
            using var scope = NewDisposeScope();
            var (x, stack, passes) = ((Tensor)inputs[1], (FusedStack)inputs[2], (List<IFusedBlock>)inputs[3]);
            foreach (var (block, weights) in stack._blocks.Index())
            {
                foreach (var pass in Of(weights, stack._config.IsSlstm(block)))
                {
                    passes.Add(pass(x));
                    x = passes[^1].Output;
                }
            }

            passes.Add(new FusedNorm(x, stack._finalNorm));
            context.set_materialize_grads(false);
            context.save_data(Passes, passes);
            foreach (var pass in passes)
            {
                pass.Kept.MoveToOuterDisposeScope();
            }
            return passes[^1].Output.MoveToOuterDisposeScope();
        }

        /// <summary>The passes have laid the gradients down: none is left to return.</summary>
        public override List<Tensor> backward(AutogradContext context, Tensor gradient) => GradientScope.Run(4, gradient, () =>
        {
            Tensor? ofOutput = null;
            foreach (var pass in ((List<IFusedBlock>)context.get_data(Passes)).AsEnumerable().Reverse())
            {
                using var scope = NewDisposeScope();
                var ofInput = pass.Back(ofOutput ?? gradient).MoveToOuterDisposeScope();
                ofOutput?.Dispose();
                ofOutput = ofInput;
                pass.Kept.Dispose();
            }

            return [null!, null!, null!, null!];
        });
    }
}
