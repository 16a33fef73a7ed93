using Distil.Core.Documents.Reports;
using Distil.Trainer.Reports.Markup;

namespace Distil.Trainer.Reports.Sections;

/// <summary>The sizes of what the run stored, the teacher's outputs compared with other formats, and the error of storing so little.</summary>
internal static class Storage
{
    // DistillKit's bit-packed top-k (method.md §4).
    private const double TopFifty = 114;
    private const double TopHundredTwentyEight = 300;

    public static Html Of(RunReport report) => Html.Of($"""
        <section id="storage"><h2>Storage</h2>
        {Whole(report.Storage).ToHtml()}{(report.Storage.TeacherOutputBytesPerToken is { } bytes ? Outputs(report, bytes) : Html.None)}{
            Errors(report)}</section>

        """);

    private static Table Whole(StorageSummary storage) => new("What the run stored", "", "Size")
    {
        Rows =
        [
            ["Dataset", Figures.Bytes(storage.DatasetBytes)],
            ["Teacher’s outputs", storage.TeacherOutputBytes == 0 ? "none" : Figures.Bytes(storage.TeacherOutputBytes)],
            ["Checkpoints", Figures.Bytes(storage.CheckpointBytes)],
            ["Finished model", Figures.Bytes(storage.ModelBytes)],
            .. storage.ExportBytes is { } exported ? new[] { (IReadOnlyList<string>)["Folders for other programs", Figures.Bytes(exported)] } : [],
        ],
    };

    private static Html Outputs(RunReport report, double bytes)
    {
        var table = new Table("Teacher’s outputs for one token", "Format", "Bytes a token")
        {
            Rows =
            [
                [$"This run{Kept(report.Storage)}", Figures.Number(bytes)],
                ["Other tools, top 50, bit-packed", Figures.Number(TopFifty)],
                ["Other tools, top 128, bit-packed", Figures.Number(TopHundredTwentyEight)],
                [$"Every logit of {Figures.Count(report.Teacher.VocabularySize)}, 16-bit", Figures.Count(2L * report.Teacher.VocabularySize)],
            ],
        };
        var keep = report.Spec.Teacher.Keep;
        var drawn = keep.TailDraws > 0 ? $" {keep.TailDraws} draws from the others," : "";
        var capped = report.Storage.CappedShare is { } share ? $" The cap cut {Figures.Percent(share)} of positions short." : "";
        return Html.Of($"""
            {table.ToHtml()}<p class="note">Stored for each position: the most likely tokens up to a probability of {Figures.Setting(keep.TopP)}, {keep.MaxTokens} at
            most,{drawn} the tail’s mass over temperatures, and the mean hidden state if alignment needs it.{capped}</p>

            """);
    }

    private static string Kept(StorageSummary storage) => storage.MeanKeptTokens is { } kept ? $", {Figures.Number(kept)} tokens kept on average" : "";

    private static Html Errors(RunReport report) => report.KlErrors.Count == 0 ? Html.None : Html.Of($"""
        {new Table("KL from stored outputs against KL over the whole vocabulary", "Temperature", "Relative error")
        {
            Rows = report.KlErrors.OrderByDescending(error => error.Temperature)
                .Select(error => (IReadOnlyList<string>)[Figures.Setting(error.Temperature), Figures.Percent(error.Relative)]),
        }.ToHtml()}<p class="note">At the ends of the temperature’s schedule, on a sample of positions. An error of 20 % means that the KL which training minimised was a fifth
        off: the kept tokens are taught exactly, {Others(report)}. It does not concern the KL of the results, which is computed over
        the whole vocabulary. More kept tokens{(report.Spec.Teacher.Keep.TailDraws > 0 ? "" : " or draws from the others")} (teacher.keep) make it smaller, and the stored outputs larger.</p>

        """);

    private static string Others(RunReport report) => report.Spec.Teacher.Keep.TailDraws > 0
        ? "the others by draws, whose error is random and has the mean 0"
        : "the others only by the sum of their probabilities";
}
