using Distil.Core.Documents.Evaluations;
using Distil.Core.Documents.Reports;
using Distil.Trainer.Reports.Markup;
using static Distil.Trainer.Reports.Comparison.Better;

namespace Distil.Trainer.Reports.Comparison;

/// <summary>One number by which runs are compared.</summary>
/// <param name="Name">Its heading.</param>
/// <param name="Value">The number of a run; null if the run has none.</param>
/// <param name="Show">The number, formatted for people.</param>
/// <param name="Better">Whether smaller or larger is better; null if neither is.</param>
internal sealed record Measure(string Name, Func<RunReport, double?> Value, Func<RunReport, string> Show, Better? Better)
{
    private const string None = "–";

    /// <value>The results of the runs, in the order of display.</value>
    public static IReadOnlyList<Measure> OfQuality { get; } =
    [
        Result("Perplexity", Less, last => last.Student.Perplexity, last => Measured(last.Student.Perplexity, last.Student.PerplexityStandardError)),
        Result("Times the teacher’s", Less, last => last.PerplexityRatio, last => Measured(last.PerplexityRatio, last.PerplexityRatioStandardError)),
        Result("KL, nats", Less, last => last.Kl, last => Measured(last.Kl, last.KlStandardError)),
        Result("Same top token", More, last => last.Top1Agreement, last => Figures.Percent(last.Top1Agreement!.Value)),
        Result("Bits per byte", Less, last => last.Student.Text?.BitsPerByte.Value, last => Figures.Number(last.Student.Text!.BitsPerByte.Value)),
        Number("Perplexity without teacher", run => run.Epochs[^1].WithoutTeacher?.Student.Perplexity, Figures.Number, null),
    ];

    /// <summary>The tasks that any of the runs answered, by acc_norm.</summary>
    public static IReadOnlyList<Measure> OfTasks(IReadOnlyList<RunReport> runs) =>
        [.. runs.SelectMany(run => Last(run).Tasks ?? []).Select(task => task.Name).Distinct().Select(Task)];

    /// <value>The cost of the runs.</value>
    public static IReadOnlyList<Measure> OfCost { get; } =
    [
        Number("Trained parameters", run => run.Student.TrainableParameters, value => Figures.Count((long)value), null),
        Number("Steps", run => run.Training.Steps, value => Figures.Count((long)value), null),
        Number("Training", run => run.Training.Seconds, Figures.Duration, Less),
        Number("Tokens a second", run => run.Training.TokensPerSecond, Figures.Number, More),
        Number("Peak memory", run => run.Training.PeakMemoryBytes, Figures.Bytes, Less),
    ];

    /// <summary>Returns the indices of the best runs; none if all are equal or neither direction is better.</summary>
    public IReadOnlyList<int> Best(IReadOnlyList<RunReport> runs)
    {
        double[] values = [.. runs.Select(run => Value(run)).OfType<double>()];
        if (Better is null || values.Distinct().Count() < 2)
        {
            return [];
        }

        var best = Better == Less ? values.Min() : values.Max();
        return [.. Enumerable.Range(0, runs.Count).Where(run => Value(runs[run]) == best)];
    }

    private static EvaluationResult Last(RunReport run) => run.Epochs[^1].Distilled;

    private static Measure Task(string name)
    {
        return Result(name, More, last => Find(last)?.AccNorm.Value, last => Show(Find(last)!.AccNorm));

        TaskScore? Find(EvaluationResult last) => last.Tasks?.FirstOrDefault(task => task.Name == name)?.Student;

        static string Show(Estimate share) => $"{Figures.Measured(100 * share.Value, 100 * share.StandardError)}\u202F%";
    }

    private static string Measured(double? number, double? error) => Figures.Measured(number!.Value, error);

    private static Measure Result(string name, Better better, Func<EvaluationResult, double?> value, Func<EvaluationResult, string> show) =>
        new(name, run => value(Last(run)), run => value(Last(run)) is null ? None : show(Last(run)), better);

    private static Measure Number(string name, Func<RunReport, double?> value, Func<double, string> show, Better? better) =>
        new(name, value, run => value(run) is { } number ? show(number) : None, better);
}

/// <summary>Which of two numbers is better.</summary>
internal enum Better
{
    /// <summary>The smaller number.</summary>
    Less,

    /// <summary>The larger number.</summary>
    More,
}
