using Distil.Trainer.Evaluation;
using Distil.Trainer.Reports.Markup;

namespace Distil.Trainer.Reports.Comparison;

/// <summary>One number by which runs are compared.</summary>
/// <param name="Name">Its heading.</param>
/// <param name="Value">Of a run; null where the run has none.</param>
/// <param name="Show">The same for people.</param>
/// <param name="Better">Which is better; null where neither is.</param>
internal sealed record Measure(string Name, Func<RunReport, double?> Value, Func<RunReport, string> Show, Better? Better)
{
    private const string None = "–";

    /// <summary>Those that at least one of the runs has, in the order to show them.</summary>
    public static IReadOnlyList<Measure> Of(IReadOnlyList<RunReport> runs) =>
    [
        .. new[]
        {
            Result("Perplexity", last => last.Student.Perplexity, last => Figures.Measured(last.Student.Perplexity, last.Student.PerplexityStandardError), Comparison.Better.Less),
            Result("Student / teacher", last => last.PerplexityRatio, last => Figures.Measured(last.PerplexityRatio!.Value, last.PerplexityRatioStandardError), Comparison.Better.Less),
            Result("KL, nats", last => last.Kl, last => Figures.Measured(last.Kl!.Value, last.KlStandardError), Comparison.Better.Less),
            Result("Same top token", last => last.Top1Agreement, last => Figures.Percent(last.Top1Agreement!.Value), Comparison.Better.More),
            Result("Bits per byte", last => last.Student.Text?.BitsPerByte.Value, last => Figures.Number(last.Student.Text!.BitsPerByte.Value), Comparison.Better.Less),
        },
        .. runs.SelectMany(run => Last(run).Tasks ?? []).Select(task => task.Name).Distinct().Select(Task),
        .. new[]
        {
            Number("Perplexity without teacher", run => run.Epochs[^1].WithoutTeacher?.Student.Perplexity, Figures.Number, null),
            Number("Trained parameters", run => run.Student.TrainableParameters, value => Figures.Count((long)value), null),
            Number("Training", run => run.Training.Seconds, Figures.Duration, Comparison.Better.Less),
            Number("Tokens a second", run => run.Training.TokensPerSecond, Figures.Number, Comparison.Better.More),
            Number("Peak memory", run => run.Training.PeakMemoryBytes, Figures.Bytes, Comparison.Better.Less),
        },
    ];

    /// <summary>Indices of the best runs; none where all are equal or neither is better.</summary>
    public IReadOnlyList<int> Best(IReadOnlyList<RunReport> runs)
    {
        double[] values = [.. runs.Select(run => Value(run)).OfType<double>()];
        if (Better is null || values.Distinct().Count() < 2)
            return [];

        var best = Better == Comparison.Better.Less ? values.Min() : values.Max();
        return [.. Enumerable.Range(0, runs.Count).Where(run => Value(runs[run]) == best)];
    }

    private static EvaluationResult Last(RunReport run) => run.Epochs[^1].Distilled;

    private static Measure Task(string name)
    {
        return Result(name, last => Find(last)?.AccNorm.Value, last => Show(Find(last)!.AccNorm), Comparison.Better.More);

        Evaluation.Tasks.TaskScore? Find(EvaluationResult last) => last.Tasks?.FirstOrDefault(task => task.Name == name)?.Student;

        static string Show(Evaluation.Statistics.Estimate share) => $"{Figures.Measured(100 * share.Value, 100 * share.StandardError)}\u202F%";
    }

    private static Measure Result(string name, Func<EvaluationResult, double?> value, Func<EvaluationResult, string> show, Better better) =>
        new(name, run => value(Last(run)), run => value(Last(run)) is null ? None : show(Last(run)), better);

    private static Measure Number(string name, Func<RunReport, double?> value, Func<double, string> show, Better? better) =>
        new(name, value, run => value(run) is { } number ? show(number) : None, better);
}

/// <summary>Which of two numbers is better.</summary>
internal enum Better
{
    /// <summary>The smaller.</summary>
    Less,

    /// <summary>The larger.</summary>
    More,
}
