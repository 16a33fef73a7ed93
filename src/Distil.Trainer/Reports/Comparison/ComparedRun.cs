namespace Distil.Trainer.Reports.Comparison;

/// <summary>One run of a comparison, for scripts.</summary>
public sealed record ComparedRun
{
    /// <value>The run.</value>
    public required string RunId { get; init; }

    /// <value>The specification's fields that are not the same in all runs, and this run's values.</value>
    public required IReadOnlyDictionary<string, string?> Differences { get; init; }

    /// <value>Numbers by the names of the page's columns; a run leaves out what it has not.</value>
    public required IReadOnlyDictionary<string, double> Measures { get; init; }

    /// <value>The columns in which this run is best.</value>
    public required IReadOnlyList<string> BestIn { get; init; }

    /// <summary>Compares runs.</summary>
    public static IReadOnlyList<ComparedRun> Of(IReadOnlyList<RunReport> runs)
    {
        var (differences, measures) = (SpecDifferences.Of([.. runs.Select(run => run.Spec)]), (Measure[])[.. Measure.OfQuality(runs), .. Measure.OfCost]);
        return
        [
            .. runs.Select((run, i) => new ComparedRun
            {
                RunId = run.RunId,
                Differences = differences.ToDictionary(each => each.Field, each => each.Values[i]),
                Measures = (from measure in measures
                            let value = measure.Value(run)
                            where value is not null
                            select KeyValuePair.Create(measure.Name, value.Value)).ToDictionary(),
                BestIn = [.. measures.Where(measure => measure.Best(runs).Contains(i)).Select(measure => measure.Name)],
            }),
        ];
    }
}
