using Distil.Core.Documents.Reports;
using Distil.Trainer.Reports.Markup;

namespace Distil.Trainer.Reports.Sections;

/// <summary>The students whose mean a merged student is; nothing for a run that trained one.</summary>
internal static class Experts
{
    public static Html Of(RunReport report) => report.Experts is not { } experts ? Html.None : Html.Of($"""
        <section id="experts"><h2>Merged from</h2>
        {new Table("Students whose weighted mean this student is", "Run", "Share", "Trained on, tokens", "Own perplexity", "Teacher’s there")
        {
            Rows = experts.Select(expert => (IReadOnlyList<string>)
            [
                expert.RunId, Figures.Percent(expert.Share), expert.TrainTokens is { } tokens ? Figures.Count(tokens) : "–",
                Number(expert.Perplexity), Number(expert.TeacherPerplexity),
            ]),
        }.ToHtml()}<p class="note">Perplexities of an expert are on the held-out text of its own run; those of this page are on the held-out text of this run.</p>
        </section>

        """);

    private static string Number(double? value) => value is { } number ? Figures.Number(number) : "–";
}
