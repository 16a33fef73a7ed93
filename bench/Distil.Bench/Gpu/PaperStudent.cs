using Distil.Core.Specification;
using Distil.Inference.Models;
using Distil.Trainer.Kernels;
using Distil.Trainer.Models.Xlstm;
using Distil.Trainer.Ranks;
using Distil.Trainer.TeacherOutputs;
using Distil.Trainer.Training.Optimizers;
using Distil.Trainer.Training.Rows;
using Distil.Trainer.Training.Steps;
using Distil.Trainer.Training.Targets;
using static TorchSharp.torch;

namespace Distil.Bench.Gpu;

/// <summary>The paper's student (D 1536, 12 heads, V 151,936) on CUDA, with random weights, for measuring.</summary>
internal sealed class PaperStudent : IDisposable
{
    internal const int Vocabulary = 151_936, Width = 1536, Heads = 12;

    private long _step;

    /// <param name="length">S.</param>
    /// <param name="blocks">Blocks; sLSTM at the even ones.</param>
    /// <param name="backend">Which kernels it may use; null for all.</param>
    /// <param name="type">Element type that it computes in: bfloat16 (default) or float32.</param>
    /// <param name="ranks">The processes that train together; null for this one alone.</param>
    internal PaperStudent(int length, int blocks = 6, Backend? backend = null, ScalarType type = ScalarType.BFloat16, IRankGroup? ranks = null)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        Config = new XlstmConfig
        {
            VocabularySize = Vocabulary,
            ContextLength = length,
            Blocks = blocks,
            Width = Width,
            SlstmAt = [.. Enumerable.Range(0, blocks).Where(block => block % 2 == 0)],
            MlstmHeads = Heads, SlstmHeads = Heads, QkvBlockSize = 32, FeedForwardProjFactor = 1.7,
        };
        var embedding = randn([Vocabulary, Width], ScalarType.BFloat16, CUDA) * 0.02;
        Model = XlstmModel.Create(Config, embedding, embedding, 1, CUDA, backend);
        if (type == ScalarType.BFloat16)
        {
            Model.UseBFloat16();
        }

        Optimizer = new AdamW(Model.TrainableParameters, new(), backend, ranks);
        Training = new TrainingStep(Model, Optimizer, Distillation, 1.0);
    }

    internal XlstmConfig Config { get; }

    internal XlstmModel Model { get; }

    internal AdamW Optimizer { get; }

    internal DeltaDistillation Distillation { get; } = new(new DistillationSpec());

    private TrainingStep Training { get; }

    /// <summary>One optimiser step, with the weights of a run's next step.</summary>
    internal Tensor Step(StepBatch batch) => Training.Run(batch, Distillation.At(0, _step++), 2e-4);

    /// <summary>Random tokens and a teacher's stored outputs of them, 64 kept tokens a position.</summary>
    internal static StepBatch Batch(int rows, int length)
    {
        const int kept = 64;
        using var scope = NewDisposeScope();
        var positions = rows * (long)length;
        Tensor Own(Tensor tensor) => tensor.DetachFromDisposeScope();
        var logs = nn.functional.log_softmax(randn([positions, 4 * kept], ScalarType.Float32, CUDA) * 3, -1);
        double[] nodes = [.. TemperatureNodes.Between(1, 2)];
        var targets = new TeacherTargets(
            // all different
            Own(randint(Vocabulary / kept, [positions, kept], ScalarType.Int64, CUDA) + arange(kept, ScalarType.Int64, CUDA) * (Vocabulary / kept)),
            Own(logs.narrow(1, 0, kept).contiguous()),
            Own(stack(nodes.Select(node => (logs.narrow(1, kept, 3 * kept) * node).logsumexp(-1)), -1)),
            nodes,
            Own(randn([rows, length, Width], ScalarType.Float32, CUDA)));
        return new([(new TokenBatch(Own(randint(Vocabulary, [rows, length], ScalarType.Int64, CUDA)), null, rows, positions, positions - rows),
            new BatchTargets(targets, null))]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Optimizer.Dispose();
        Model.Dispose();
    }
}
