using Distil.Core.Specification;
using Distil.Core.Tests.Documents.Reports;
using Distil.Trainer.Jobs.Export;

namespace Distil.Trainer.Tests.Jobs.Export;

public sealed class ModelCardTests
{
    [Fact]
    public void Says_what_the_model_is_how_good_it_is_and_nothing_of_this_machine()
    {
        var report = SampleReport.Create();
        report = report with
        {
            Spec = RedactedSpec.Of(report.Spec with
            {
                Teacher = report.Spec.Teacher with { Path = "hf://Qwen/Qwen2.5-0.5B@main" },
                Dataset = report.Spec.Dataset with { Sources = ["/home/someone/secret/stories.txt", "https://example.org/more.jsonl?sig=secret"] },
            }),
        };
        var card = ModelCard.Of(report);

        Assert.StartsWith("---\nlibrary_name: transformers\npipeline_tag: text-generation\nbase_model: Qwen/Qwen2.5-0.5B\ntags:\n", card, StringComparison.Ordinal);
        Assert.Contains(FormattableString.Invariant($"| perplexity | {report.Epochs[^1].Distilled.Student.Perplexity:F3} | 5.410 |"), card, StringComparison.Ordinal);
        var (last, without) = (report.Epochs[^1].Distilled, report.Epochs[^1].WithoutTeacher!);
        Assert.Contains(FormattableString.Invariant($"as the teacher | {last.Top1Agreement:P1} | | {without.Top1Agreement:P1} |\n"), card, StringComparison.Ordinal);
        Assert.Contains("- stories.txt\n- https://example.org/more.jsonl\n", card, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", card, StringComparison.Ordinal);
        Assert.DoesNotContain("\r", card, StringComparison.Ordinal);
        Assert.DoesNotContain("other forms", card, StringComparison.Ordinal);
    }

    [Fact]
    public void Says_what_each_form_of_the_weights_costs()
    {
        var card = ModelCard.Of(SampleReport.Create() with { Forms = [new(WeightForm.Int4, "the held-out rows", 900, 2, 2.01, 0.001, 0.0123, 0.987)] });
        Assert.Contains("\n\n## Weights in other forms\n\n| form |", card, StringComparison.Ordinal);
        Assert.Contains("\n| int4 | 2.0100 | +0.50% | 0.01230 | 98.70 % |\n\n## Licence", card, StringComparison.Ordinal);
    }
}
