using Distil.Core.Documents;
using Distil.Inference.Models;
using Distil.Trainer.Kernels;
using Distil.Trainer.Models.Xlstm.Components;
using Distil.Trainer.Models.Xlstm.SLstm.Cell;
using Distil.Trainer.Models.Xlstm.SLstm.FeedForward;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm.SLstm;

/// <summary>The form of each operation of a student's sLSTM blocks.</summary>
/// <param name="Type">Element type that the blocks compute in.</param>
/// <param name="Up">Norm and what it contributes to the gates z and o.</param>
/// <param name="Convolution">Before the gates i and f.</param>
/// <param name="Scan">The recurrence.</param>
/// <param name="HeadNorm">Norm per head of the recurrence's output.</param>
/// <param name="FeedForwardUp">Up-projection of the second half.</param>
internal sealed record SLstmForms(
    ScalarType Type, Choice<Func<NormedHeadwiseInputs, NormedHeadwiseOutputs>> Up, Choice<Func<ConvolutionInputs, Tensor>> Convolution, Choice<SLstmScan> Scan,
    Choice<Func<HeadNormInputs, Tensor>> HeadNorm, Choice<Func<FeedForwardUpInputs, Tensor>> FeedForwardUp)
{
    /// <summary>Chooses the forms.</summary>
    /// <param name="backend">What is available.</param>
    /// <param name="config">The student's shape.</param>
    /// <param name="weights">The weights of one of the blocks.</param>
    /// <param name="type">Element type that the blocks compute in.</param>
    internal static SLstmForms Choose(Backend backend, XlstmConfig config, SLstmWeights weights, ScalarType type)
    {
        var size = config.Width / config.SlstmHeads;
        return new(
            type, NormedHeadwise.Choose(backend, config.Width, type), CausalConvolution.Choose(backend, weights.Convolution, source: type, result: type),
            SLstmScans.Choose(backend, size, type), Norms.ChooseHeads(backend, size, type), GatedFeedForward.Choose(backend, config, type));
    }

    /// <value>For the run's status and report.</value>
    internal IReadOnlyList<OperationForm> Report => [Up.Report, Convolution.Report, Scan.Report, HeadNorm.Report, FeedForwardUp.Report];
}
