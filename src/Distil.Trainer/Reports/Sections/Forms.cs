using Distil.Core.Documents.Reports;
using Distil.Core.Specification;
using Distil.Trainer.Reports.Markup;

namespace Distil.Trainer.Reports.Sections;

/// <summary>What the student's weights cost in other forms; nothing if the run measured none.</summary>
internal static class Forms
{
    public static Html Of(RunReport report) => report.Forms is not { } forms ? Html.None : Html.Of($"""
        <section id="forms"><h2>Forms of the weights</h2>
        {new Table("The student with its weights rounded", "Weights", "Cross-entropy", "Higher by", "Standard error", "KL", "Same top token")
        {
            Rows = forms.Select(form => (IReadOnlyList<string>)
            [
                form.Form.Word, Figures.Number(form.Rounded), Figures.Percent(form.Cost),
                form.DifferenceError is { } error ? Figures.Number(error) : "–", Figures.Number(form.Kl), Figures.Percent(form.Agreement),
            ]),
        }.ToHtml()}<p class="note">On {Figures.Count(forms[0].Tokens)} held-out tokens, against the student’s float32 weights, whose cross-entropy is
        {Figures.Number(forms[0].Exact)} nats a token; the standard error is that of the difference, the KL is from the student’s own weights.
        distil export writes any of these forms{(report.Spec.Training.Quantize is { } quantized ? $"; the last epoch trained for {quantized.Form.Word}, and the student’s weights are what that form leaves of them" : "")}.</p>
        </section>

        """);
}
