using Distil.Core.Documents;
using Distil.Inference.Models;
using Distil.Trainer.Kernels;
using Distil.Trainer.Models.Xlstm.Components;
using Distil.Trainer.Models.Xlstm.MLstm.Cell;
using Distil.Trainer.Models.Xlstm.MLstm.Up;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm.MLstm;

/// <summary>The form of each operation of a student's mLSTM blocks.</summary>
/// <param name="Type">Element type that the blocks compute in.</param>
/// <param name="Up">Norm, projection up and convolution of a whole sequence.</param>
/// <param name="Convolution">The convolution in the plain form of <paramref name="Up"/>.</param>
/// <param name="Cell">The cell over a whole sequence. Decoding uses the plain form.</param>
internal sealed record MLstmForms(
    ScalarType Type, Choice<IMLstmUp> Up, Choice<Func<ConvolutionInputs, Tensor>> Convolution, Choice<Func<MLstmCellInputs, Tensor>> Cell)
{
    /// <summary>Chooses the forms.</summary>
    /// <param name="backend">What is available.</param>
    /// <param name="config">The student's shape.</param>
    /// <param name="weights">The weights of one of the blocks.</param>
    /// <param name="type">Element type that the blocks compute in.</param>
    internal static MLstmForms Choose(Backend backend, XlstmConfig config, MLstmWeights weights, ScalarType type)
    {
        var convolution = CausalConvolution.Choose(backend, weights.Up.Convolution, source: ScalarType.Float32, result: type);
        return new(type, MLstmUp.Choose(backend, config, weights.Up, convolution.Run, type), convolution, MLstmCudaCell.Choose(backend, config, type));
    }

    /// <value>For the run's status and report.</value>
    internal IReadOnlyList<OperationForm> Report => Up.IsCuda ? [Up.Report, Cell.Report] : [Up.Report, Convolution.Report, Cell.Report];

    /// <value>The convolution of x_m in decoding.</value>
    internal Func<ConvolutionInputs, Tensor> DecodingConvolution => Up.IsCuda ? CudaConvolution.Instance.Forward : Convolution.Run;
}
