using Distil.Core.Documents.Reports;
using Distil.Trainer.Reports.Markup;

namespace Distil.Trainer.Reports.Sections;

/// <summary>The time of each stage, the artifacts, and the machine.</summary>
internal static class Circumstances
{
    public static Html Of(RunReport report) => Html.Of($"""
        <section id="time"><h2>Time</h2>
        {Times(report).ToHtml()}</section>
        <section id="files"><h2>Files</h2>
        {Facts.Of(report.Artifacts.Select(link => (link.Name, link.Location)))}</section>
        <section id="machine"><h2>Machine and versions</h2>
        {Facts.Of(Machine(report.Machine))}</section>

        """);

    private static Table Times(RunReport report) => new("Time of each stage, its jobs added up", "Stage", "Jobs", "Time")
    {
        Rows =
        [
            .. report.Timings.Select(stage => (IReadOnlyList<string>)[stage.Stage, Figures.Count(stage.Jobs), Figures.Duration(stage.Seconds)]),
            ["All", Figures.Count(report.Timings.Sum(stage => stage.Jobs)), Figures.Duration(report.Timings.Sum(stage => stage.Seconds))],
        ],
    };

    private static IEnumerable<(string, string)> Machine(MachineSummary machine) =>
    [
        ("Computed on", machine.Device),
        ("Operating system", machine.OperatingSystem),
        ("CPU cores, memory", $"{machine.Cores}, {Figures.Bytes(machine.MemoryBytes)}"),
        .. machine.Versions.Select(version => (version.Key, version.Value)),
    ];
}
