using Distil.Trainer.Training.Checkpoints;

namespace Distil.Trainer.Training.Stages;

/// <summary>The stages of a training, one after the other. Only the present one exists: each begins with the weights that the one before has left.</summary>
internal sealed class TrainingStages : IDisposable
{
    private readonly IReadOnlyList<StageStart> _starts;
    private int _present = -1;
    private ITrainingStage? _stage;

    /// <param name="starts">In order, the first at step 0. A stage without steps is not made.</param>
    internal TrainingStages(params IReadOnlyList<StageStart> starts) => _starts = starts;

    /// <summary>A training with one stage that uses the teacher's outputs if there are any.</summary>
    internal static TrainingStages Single(ITrainingStage stage) => new(new StageStart(0, UsesTargets: true, () => stage));

    /// <value>The present stage; the first if training has not begun.</value>
    internal ITrainingStage Present => _stage ?? At(0);

    /// <value>Optimiser steps of the whole training before the present stage.</value>
    internal long StepsBefore => _starts[_present].FirstStep;

    /// <summary>Whether a step uses the teacher's outputs. May be asked from any thread.</summary>
    /// <param name="globalStep">Optimiser step of the whole training, from 0.</param>
    internal bool UsesTargets(long globalStep) => _starts[IndexOf(globalStep)].UsesTargets;

    /// <summary>Returns the stage of a step, which becomes the present one.</summary>
    /// <param name="globalStep">Optimiser step of the whole training, from 0; not before the present stage.</param>
    internal ITrainingStage At(long globalStep)
    {
        var index = IndexOf(globalStep);
        if (index != _present)
        {
            _stage?.Dispose();
            _stage = null;
            (_stage, _present) = (_starts[index].Create(), index);
        }

        return _stage!;
    }

    /// <summary>Returns the stage that a checkpoint at a position belongs to: the one of the last step before it.</summary>
    internal ITrainingStage Of(TrainingPosition position) => At(Math.Max(0, position.GlobalStep - 1));

    /// <inheritdoc />
    public void Dispose() => _stage?.Dispose();

    private int IndexOf(long globalStep)
    {
        var index = _starts.Count - 1;
        while (_starts[index].FirstStep > globalStep)
        {
            index--;
        }

        return index;
    }
}

/// <summary>Where a stage starts, and how it is made.</summary>
/// <param name="FirstStep">Its first optimiser step, from 0.</param>
/// <param name="UsesTargets">Whether it needs the teacher's outputs.</param>
/// <param name="Create">Makes it from the model as it then is.</param>
internal sealed record StageStart(long FirstStep, bool UsesTargets, Func<ITrainingStage> Create);
