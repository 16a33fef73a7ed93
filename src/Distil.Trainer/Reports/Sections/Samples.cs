using Distil.Core.Documents.Reports;
using Distil.Trainer.Reports.Charts;
using Distil.Trainer.Reports.Markup;

namespace Distil.Trainer.Reports.Sections;

/// <summary>Prompts, each with several continuations.</summary>
internal static class Samples
{
    public static Html Of(RunReport report) => report.Samples.Count == 0 ? Html.None : Html.Of($"""
        <section id="samples"><h2>Continuations side by side</h2>
        {report.Samples.Select(Sample)}{Html.When(report.Greedy, Greedy)}</section>

        """);

    private static Html Greedy(GreedyLikelihood greedy)
    {
        (string Who, double? Value)[] rows =
        [
            (Paint.NameOf(ChartRole.Teacher), greedy.Teacher), (Paint.NameOf(ChartRole.Distilled), greedy.Student),
            (Paint.NameOf(ChartRole.WithoutTeacher), greedy.WithoutTeacher), ("the text itself", greedy.Truth),
        ];
        return Html.Of($"""
            {new Table("Greedy continuations, judged by the teacher", "Continued by", "Teacher’s ln p of a token")
            {
                Rows = rows.Where(row => row.Value is not null).Select(row => (IReadOnlyList<string>)[row.Who, Figures.Fixed(row.Value!.Value, 3)]),
            }.ToHtml()}<p class="note">Each model continued {greedy.Prompts} held-out beginnings by up to {greedy.MaxTokens} tokens, always with its most probable
            token; the teacher’s likelihood of these is shown, the mean over the tokens. A model can find text as likely as the teacher does and yet continue it badly:
            it then is far below the teacher here. Greedy text is more likely than real text.</p>

            """);
    }

    private static Html Sample(SampleSummary sample, int index) => Html.Of($"""
        <article class="sample"><h3>Beginning {index + 1}</h3>
        <p class="text prompt">{sample.Prompt.Trim()}</p>
        <div class="continuations">
        {Continuation(Paint.NameOf(ChartRole.Teacher), sample.Teacher)}{Continuation(Paint.NameOf(ChartRole.Distilled), sample.Student)}{
            Html.When(sample.WithoutTeacher, text => Continuation(Paint.NameOf(ChartRole.WithoutTeacher), text))}{
            Html.When(sample.Truth, text => Continuation("the text itself", text))}</div>
        </article>

        """);

    private static Html Continuation(string who, string text)
    {
        var shown = string.IsNullOrWhiteSpace(text) ? "(ended at once)" : text.Trim();
        return Html.Of($"<div><h4>{char.ToUpperInvariant(who[0]) + who[1..]}</h4><p class=\"text\">{shown}</p></div>\n");
    }
}
