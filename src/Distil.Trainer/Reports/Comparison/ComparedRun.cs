using Distil.Core.Documents.Reports;

namespace Distil.Trainer.Reports.Comparison;

/// <summary>One run of a comparison, for scripts.</summary>
public sealed record ComparedRun
{
    /// <value>The run.</value>
    public required string RunId { get; init; }

    /// <value>The specification's fields that differ between the runs, with this run's values.</value>
    public required IReadOnlyDictionary<string, string?> Differences { get; init; }

    /// <value>Numbers by the names of the page's columns; a missing number is omitted.</value>
    public required IReadOnlyDictionary<string, double> Measures { get; init; }

    /// <value>acc_norm of each task that this run answered.</value>
    public required IReadOnlyDictionary<string, double> Tasks { get; init; }

    /// <value>The columns in which this run is best; those of tasks by the tasks' names.</value>
    public required IReadOnlyList<string> BestIn { get; init; }

    /// <summary>Compares runs.</summary>
    public static IReadOnlyList<ComparedRun> Of(IReadOnlyList<RunReport> runs)
    {
        var (differences, tasks) = (SpecDifferences.Of([.. runs.Select(run => run.Spec)]), Measure.OfTasks(runs));
        Measure[] measures = [.. Measure.OfQuality, .. Measure.OfCost];
        return
        [
            .. runs.Select((run, i) => new ComparedRun
            {
                RunId = run.RunId,
                Differences = differences.ToDictionary(each => each.Field, each => each.Values[i]),
                Measures = Values(measures, run),
                Tasks = Values(tasks, run),
                BestIn = [.. measures.Concat(tasks).Where(measure => measure.Best(runs).Contains(i)).Select(measure => measure.Name)],
            }),
        ];
    }

    private static Dictionary<string, double> Values(IEnumerable<Measure> measures, RunReport run) =>
        (from measure in measures
         let value = measure.Value(run)
         where value is not null
         select KeyValuePair.Create(measure.Name, value.Value)).ToDictionary();
}
