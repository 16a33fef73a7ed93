using Distil.Core.Runs.Specification;
using Distil.Trainer.Distillation;
using Distil.Trainer.TeacherOutputs;
using static TorchSharp.torch;

namespace Distil.Trainer.Jobs;

/// <summary>Counts how much of a teacher's distributions was kept.</summary>
internal sealed class KeptTokens(KeepSpec keep)
{
    private long _positions;
    private double _tokens;
    private double _capped;

    /// <value>Tokens kept for a position, mean; 0 before the first.</value>
    public double MeanTokens => _positions == 0 ? 0 : _tokens / _positions;

    /// <value>Share of positions where the cap cut the nucleus short.</value>
    public double CappedShare => _positions == 0 ? 0 : _capped / _positions;

    /// <summary>Counts a batch of rows.</summary>
    /// <param name="targets">Their outputs, on the CPU.</param>
    /// <param name="lengths">Real positions of each row; the others are not counted.</param>
    public void Add(TeacherTargets targets, IReadOnlyList<int> lengths)
    {
        using var scope = NewDisposeScope();
        var length = targets.LogProbabilities.shape[0] / lengths.Count;
        var real = RealPositions.Of(tensor(lengths.Select(each => (long)each).ToArray()), length).flatten().ne(0);   // (N)
        var count = targets.LogProbabilities.isneginf().logical_not().sum(-1);                               // (N)
        var short_ = count.ge(keep.MaxTokens).logical_and(targets.LogProbabilities.exp().sum(-1).lt(keep.TopP)); // (N)
        _positions += lengths.Sum(each => (long)each);
        _tokens += (count * real).sum().item<long>();
        _capped += short_.logical_and(real).sum().item<long>();
    }
}
