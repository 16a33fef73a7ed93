using Distil.Core.Documents.Evaluations;
using Distil.Core.Documents.Reports;
using Distil.Trainer.Reports.Markup;

namespace Distil.Trainer.Reports.Sections;

/// <summary>What memory and window of a linearised student contribute, beside the controls; nothing for a run that has neither.</summary>
internal static class Parts
{
    /// <summary>Whether there is something to show.</summary>
    public static bool Exist(RunReport report) => report.Epochs[^1] is { Distilled.Branches: not null } or { TeacherOnText: not null };

    public static Html Of(RunReport report) => !Exist(report) ? Html.None : Html.Of($"""
        <section id="parts"><h2>Parts and controls</h2>
        {Table(report.Epochs[^1]).ToHtml()}{Html.When(report.Epochs[^1].Distilled.Branches, Shares)}{AlignmentTable(report)}
        </section>

        """);

    private static Table Table(EpochSummary last)
    {
        var (branches, teacher) = (last.Distilled.Branches, last.Distilled.Teacher?.CrossEntropy);
        List<(string Name, BranchScore? Score, double? Teacher)> rows =
        [
            ("student before its first step", branches?.Start, teacher),
            ("student", Score(last.Distilled), teacher),
            ("its window alone", branches?.WindowAlone, teacher),
            ("its memory alone", branches?.MemoryAlone, teacher),
            ($"student beyond position {Figures.Count(branches?.Reach ?? 0)}", branches?.Beyond, branches?.TeacherBeyond),
            ("control: teacher, same steps on the text", Score(last.TeacherOnText), teacher),
            ("control: teacher, same steps by the student’s loss on its own outputs", Score(last.TeacherOnLoss), teacher),
        ];
        return new Table("Held-out text", "", "Cross-entropy, nats", "Teacher’s", "KL, nats", "Same top token")
        {
            Rows = from row in rows
                   where row.Score is not null
                   select (IReadOnlyList<string>)
                   [
                       row.Name, Figures.Number(row.Score!.CrossEntropy), row.Teacher is { } nats ? Figures.Number(nats) : "–", Figures.Number(row.Score.Kl),
                       Figures.Percent(row.Score.Top1Agreement),
                   ],
        };
    }

    private static BranchScore? Score(EvaluationResult? result) =>
        result is { Kl: { } kl, Top1Agreement: { } agreement } ? new(result.Student.CrossEntropy, kl, agreement) : null;

    private static Html Shares(BranchResult branches) => branches.Reach == 0 ? Html.None : Html.Of($"""
        <p class="note">Mean share of the memory in the mix, by layer: {string.Join(", ", branches.MemoryShares.Select(Figures.Percent))}.
        Attention reaches {Figures.Count(branches.Reach)} positions (window and sinks); beyond them the student depends on its memory.</p>

        """);

    private static Html AlignmentTable(RunReport report) => report.Training.AlignmentLosses is { Count: > 0 } losses
        ? new Table("Error of each replaced layer against the teacher’s attention in the stage of alignment", "Layer", "First step", "Last step")
        {
            Rows = losses.Select((layer, i) => (IReadOnlyList<string>)[Figures.Count(i + 1), Figures.Number(layer.First), Figures.Number(layer.Last)]),
        }.ToHtml()
        : Html.None;
}
