using Distil.Core.Documents.Evaluations;
using Distil.Trainer.Distillation;
using Distil.Trainer.Models;
using Distil.Trainer.TeacherOutputs;
using Distil.Trainer.Torch;
using static TorchSharp.torch;

namespace Distil.Trainer.Evaluation;

/// <summary>Measures what storing the teacher's outputs in sparse form costs, on a student's own KL.</summary>
/// <param name="student">The student as trained.</param>
/// <param name="teacher">Same vocabulary.</param>
/// <param name="settings">The stored part of the teacher's outputs.</param>
public sealed class KlErrorMeasure(ILanguageModel student, ILanguageModel teacher, ExtractionSettings settings)
{
    private readonly SparseOutputs _sparse = new(teacher.Backend, teacher.HeadWeight.dtype, settings);
    private readonly DistillationHead _head = new(
        student.Backend, student.HeadWeight.dtype, new(settings.Keep.MaxTokens + settings.Keep.TailDraws, settings.InverseTemperatures.Count), settings.ChunkPositions);

    /// <summary>Measures at each temperature.</summary>
    /// <param name="rows">Each row's real tokens.</param>
    /// <param name="temperatures">T &gt; 0, inside what <c>settings</c> has nodes for; repeated ones count once.</param>
    /// <param name="cancel">Checked before each row.</param>
    public IReadOnlyList<KlError> Measure(IEnumerable<EvaluationRow> rows, IEnumerable<double> temperatures, CancellationToken cancel = default)
    {
        using var noGrad = no_grad();
        double[] at = [.. temperatures.Distinct()];
        var (bucketed, dense) = (new double[at.Length], new double[at.Length]);
        foreach (var row in rows)
        {
            cancel.ThrowIfCancellationRequested();
            Add(row, at, bucketed, dense);
        }

        return [.. at.Select((temperature, i) => new KlError(temperature, Math.Abs(bucketed[i] - dense[i]) / dense[i]))];
    }

    /// <summary>Adds a row's KL, summed over its positions, at each temperature.</summary>
    private void Add(EvaluationRow row, double[] temperatures, double[] bucketed, double[] dense)
    {
        using var pause = NoGcRegion.Begin();
        using var scope = NewDisposeScope();
        var ids = tensor(row.Ids, 1, row.Ids.Length);
        var studentHidden = student.Forward(ids.to(student.Device));                                              // (1, S, D)
        var teacherHidden = teacher.Forward(ids.to(teacher.Device));                                              // (1, S, D')
        if (row.Counts is not null)
        {
            var counted = tensor(row.Positions().ToArray(), ScalarType.Int64);
            ids = ids.index_select(1, counted);                                                                   // (1, S'), S' positions count
            studentHidden = studentHidden.index_select(1, counted.to(student.Device));
            teacherHidden = teacherHidden.index_select(1, counted.to(teacher.Device));
        }

        var targets = _sparse.Of(teacherHidden, teacher.HeadWeight, lengths: null, teacher.LogitForm);
        for (var i = 0; i < temperatures.Length; i++)
        {
            var losses = _head.Compute(studentHidden, student.HeadWeight, ids.to(student.Device), null, targets, new LossWeights(0, 1, temperatures[i]));
            bucketed[i] += losses.Kl.cpu().item<double>() * ids.shape[1];
            dense[i] += Dense(studentHidden[0], teacherHidden[0], temperatures[i]);
        }
    }

    private double Dense(Tensor studentHidden, Tensor teacherHidden, double temperature)
    {
        var total = 0.0;
        for (long start = 0; start < studentHidden.shape[0]; start += settings.ChunkPositions)
        {
            using var scope = NewDisposeScope();
            var count = Math.Min(settings.ChunkPositions, studentHidden.shape[0] - start);
            var own = LogProbabilities(student, studentHidden.narrow(0, start, count), temperature);
            var goal = LogProbabilities(teacher, teacherHidden.narrow(0, start, count), temperature).to(student.Device);
            total += (goal.exp() * (goal - own)).sum(ScalarType.Float64).cpu().item<double>();
        }

        return total;
    }

    /// <returns>ln softmax(logits / T), (n, V).</returns>
    private static Tensor LogProbabilities(ILanguageModel model, Tensor hidden, double temperature) =>
        model.LogitsOf(hidden).div_(temperature).log_softmax(-1);
}
