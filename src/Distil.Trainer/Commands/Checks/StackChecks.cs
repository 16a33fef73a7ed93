using Distil.Inference.Models;
using Distil.Trainer.Kernels;
using Distil.Trainer.Models.Xlstm;
using static TorchSharp.torch;

namespace Distil.Trainer.Commands.Checks;

/// <summary>Compares a whole student's own backward pass with the same kernels under torch's autograd: every weight's gradient.</summary>
internal static class StackChecks
{
    /// <value>All checks.</value>
    internal static IReadOnlyList<KernelCheck> All { get; } = [Stack(3, 65, 256, 2, 32), Stack(2, 600, 256, 4, 32), Stack(16, 256, 128, 4, 16)];

    private static KernelCheck Stack(int batch, int length, int width, int heads, int block)
    {
        const int vocabulary = 100;
        var config = new XlstmConfig
        {
            VocabularySize = vocabulary,
            ContextLength = length,
            Blocks = 3,
            Width = width,
            SlstmAt = [0, 2],
            MlstmHeads = heads,
            SlstmHeads = heads,
            QkvBlockSize = block,
            FeedForwardProjFactor = 1.75,
        };
        XlstmParameter[] parameters = [.. XlstmParameter.Of(config)];
        var ids = new Lazy<Tensor>(() => randint(vocabulary, [batch, length], ScalarType.Int64, CUDA).DetachFromDisposeScope());
        var embedding = new Lazy<Tensor>(() => Inputs.Half(1, vocabulary, width).to(ScalarType.Float32).DetachFromDisposeScope());
        Func<Tensor[], Tensor> Student(params Operation[] without) => x =>
        {
            var model = new XlstmModel(
                config, embedding.Value.clone().DetachFromDisposeScope(), embedding.Value.clone().DetachFromDisposeScope(),
                parameters.Zip(x).ToDictionary(pair => pair.First.FullName, pair => pair.Second), Backend.For(CUDA).Without(without));
            model.UseBFloat16();
            return model.Forward(ids.Value);
        };
        return new(
            Kernel.StackCuda, $"B {batch}, S {length}, D {width}, NH {heads}, blocks of {block}",
            () =>
            {
                using var random = new Generator(1, CPU);
                return [.. parameters.Select(
                    parameter => (XlstmInitialization.Make(parameter, config, random) + randn(parameter.Shape, generator: random) * 0.03).to(CUDA))];
            },
            Student(), Student(Operation.Stack));
    }
}
