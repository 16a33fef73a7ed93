using Distil.Core.Documents;
using Distil.Inference.Models;
using Distil.Trainer.Kernels;
using Distil.Trainer.Models.Xlstm.Components;
using Distil.Trainer.Models.Xlstm.MLstm;
using Distil.Trainer.Models.Xlstm.SLstm;
using Distil.Trainer.Models.Xlstm.SLstm.Cell;
using Distil.Trainer.Models.Xlstm.SLstm.FeedForward;
using Distil.Trainer.Models.Xlstm.Stack;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm;

/// <summary>A student's operations in the forms that were chosen for them.</summary>
/// <param name="Blocks">In order.</param>
/// <param name="FinalNorm">The norm after the blocks.</param>
/// <param name="Stack">Runs blocks and norm in training; null if torch's autograd records them.</param>
/// <param name="Report">For the run's status and report.</param>
internal sealed record XlstmForms(
    IReadOnlyList<IXlstmBlock> Blocks, Func<LayerNormInputs, Tensor> FinalNorm, FusedStack? Stack, IReadOnlyList<OperationForm> Report)
{
    /// <summary>Chooses the forms.</summary>
    /// <param name="backend">What is available.</param>
    /// <param name="config">The student's shape.</param>
    /// <param name="weights">By their names in a model folder.</param>
    /// <param name="type">Element type that the blocks compute in.</param>
    internal static XlstmForms Choose(Backend backend, XlstmConfig config, IReadOnlyDictionary<string, Tensor> weights, ScalarType type)
    {
        var (blocks, fused) = (new List<IXlstmBlock>(), new List<Func<Tensor, IFusedBlock>>());
        var (slstm, mlstm) = ((SLstmForms?)null, (MLstmForms?)null);
        for (var block = 0; block < config.Blocks; block++)
        {
            Tensor Named(string name) => weights[XlstmParameter.FullNameOf(block, name)];
            if (config.IsSlstm(block))
            {
                var own = SLstmWeights.Of(Named);
                slstm ??= SLstmForms.Choose(backend, config, own, type);
                blocks.Add(new SLstmBlock(config, own, slstm));
                fused.AddRange(x => new SLstmFusedBlock(own, x), x => new FusedFeedForward(own.FeedForward, x));
            }
            else
            {
                var own = MLstmWeights.Of(Named);
                mlstm ??= MLstmForms.Choose(backend, config, own, type);
                blocks.Add(new MLstmBlock(config, own, mlstm));
                fused.Add(x => new MLstmFusedBlock(own, x));
            }
        }

        var weight = weights[XlstmParameter.FinalNorm];
        fused.Add(x => new FusedNorm(x, weight));
        var norm = Norms.ChooseLayer(backend, config.Width, type);
        IReadOnlyList<OperationForm> operations = [.. slstm?.Report ?? [], .. mlstm?.Report ?? [], norm.Report];
        var stack = backend.Choose<FusedStack?>(
            Operation.Stack, type, null, new Candidate<FusedStack?>(Kernel.StackCuda, new FusedStack(fused, weight), () => StackLimit(config, operations)));
        return new(blocks, norm.Run, stack.Run, [.. operations.Append(stack.Report).DistinctBy(each => (each.Operation, each.Form))]);
    }

    /// <summary>Why the blocks cannot have one backward pass; null if they can.</summary>
    private static string? StackLimit(XlstmConfig config, IReadOnlyList<OperationForm> operations)
    {
        var plain = operations.FirstOrDefault(operation => operation.Form != Backend.NameOf(Form.Cuda));
        return plain is not null ? $"{plain.Operation} has no kernel here"
            : config.SlstmAt.Count > 0 && SLstmPadding.Missing(config.Width / config.SlstmHeads, SLstmCudaTiling.Granule) > 0
                ? $"a head of an sLSTM block has {config.Width / config.SlstmHeads} units; the pass supports multiples of {SLstmCudaTiling.Granule}"
                : null;
    }
}
