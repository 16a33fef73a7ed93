using Distil.Trainer.TeacherOutputs;
using Distil.Trainer.Training.Rows;
using Distil.Trainer.Training.Targets;
using static TorchSharp.torch;

namespace Distil.Bench.Gpu;

/// <summary>Targets of one stored shard, read as a training job reads them; after the last row it starts again at the first.</summary>
internal sealed class FromFile(TeacherOutputsFile file) : ITargetSource
{
    public TargetSizes Sizes { get; } = new(file.Header.MaxTokens, file.Header.InverseTemperatures.Count);

    public IReadOnlyList<BatchTargets> Read(MicroBatch rows, IReadOnlyList<TokenBatch> batches)
    {
        using var scope = NewDisposeScope();
        var outputs = file.ReadRows(Array.ConvertAll(rows.Rows, row => row % file.Rows), CUDA);
        foreach (var part in new[] { outputs.TokenIds, outputs.LogProbabilities, outputs.TailLogSumExp, outputs.MeanHidden })
        {
            part?.DetachFromDisposeScope();
        }
        return [new(outputs, Layers: null)];
    }
}
