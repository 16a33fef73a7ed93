using System.Text.Json;
using System.Text.RegularExpressions;
using Distil.Core;
using Distil.Core.Documents.Evaluations;
using Distil.Core.Documents.Reports;
using Distil.Core.Tests.Documents.Reports;
using Distil.Core.Specification;
using Distil.Trainer.Reports;

namespace Distil.Trainer.Tests.Reports;

public sealed partial class ReportHtmlTests
{
    private static readonly string Page = ReportHtml.Render(SampleReport.Create());

    /// <summary>Leaves the page in the test's output folder, to look at in a browser.</summary>
    [Fact]
    public void Is_a_file_of_modest_size()
    {
        File.WriteAllText(Path.Combine(AppContext.BaseDirectory, "sample-report.html"), Page);
        Assert.InRange(Page.Length, 30_000, 600_000);
    }

    [Theory]
    [InlineData("result", "Of 2 tasks it does 1 as well as its teacher, within 5 % of the score", "5.83",
        "1.0776\u202F&#177;\u202F0.0065 times", "5.41", "6.31", "7.61\u202F&#177;\u202F0.78\u202F% better", "at most that", "0.141", "0.247")]
    [InlineData("use", "distil chat --run 2026-11-24-tales", "distil generate --run", "distil serve --model", "214\u202FkB", "5.51\u202FMB", "921\u202F344 tokens")]
    [InlineData("epochs", "7.91", "1.462", "74.1\u202F%", "Held-out perplexity")]
    [InlineData(
        "tasks", "friend", "a&lt;b&gt;", "93.0\u202F&#177;\u202F2.9\u202F%", "25.0\u202F%", "0.969\u202F&#177;\u202F0.041", "yes", "no", "at least\n95 %")]
    [InlineData("recall", "Associative recall", "Copying", "beyond its context", "90.0\u202F&#177;\u202F2.0\u202F%", "6.25\u202F%", "256")]
    [InlineData("samples", "small fox", "sat on the grey stone", "looked at the water", "the mill was a red", "look for his red boat", "(ended at once)")]
    [InlineData("curves", "Cross-entropy", "KL(teacher", "Alignment", "α, the", "T, the", "Learning rate", "mean of 8 logged steps")]
    [InlineData("speed", "29\u202F914", "912\u202FMB", "beyond its context", "214\u202FkB", "limited to 512 tokens")]
    [InlineData("storage", "74.4", "114", "300", "4\u202F096", "68.6\u202FMB", "0.42\u202F%", "0.07\u202F%", "14.2 tokens kept", "0.31\u202F%", "An error of 20 % means")]
    [InlineData("run", "1\u202F043\u202F968", "327\u202F680", "sLSTM, mLSTM, sLSTM, mLSTM", "921\u202F344", "&quot;baseline&quot;: true", "0.8 → 0.5")]
    [InlineData("time", "31.2\u202Fs", "2\u202Fmin 46\u202Fs")]
    [InlineData("files", "runs/2026-11-24-tales/model/", "metrics.jsonl")]
    [InlineData("machine", "AMD EPYC", "25.8\u202FGB", "libtorch")]
    public void Every_section_shows_its_numbers(string id, params string[] shown)
    {
        var start = Page.IndexOf($"<section id=\"{id}\">", StringComparison.Ordinal);
        Assert.True(start > 0, $"no section {id}");
        var section = Page[start..Page.IndexOf("</section>", start, StringComparison.Ordinal)];
        Assert.Contains($"href=\"#{id}\"", Page);
        Assert.All(shown, text => Assert.Contains(text, section));
    }

    [Fact]
    public void The_divergence_that_was_trained_is_named()
    {
        var report = SampleReport.Create();
        var divergence = new DivergenceSpec { Kind = DivergenceKind.SkewReverseKl, Skew = 0.25 };
        var page = ReportHtml.Render(report with { Spec = report.Spec with { Distillation = report.Spec.Distillation with { Divergence = divergence } } });
        Assert.Contains("skew reverse KL, α 0.25, at the step’s T", page);
        Assert.Contains("<dd>skew reverse KL, α 0.25", page);
    }

    [Fact]
    public void The_memory_of_a_GPU_is_shown_if_one_trained()
    {
        var report = SampleReport.Create();
        Assert.DoesNotContain("Peak GPU memory", Page);
        var onGpu = ReportHtml.Render(report with { Training = report.Training with { PeakDeviceMemoryBytes = 12_300_000_000 } });
        Assert.Contains("Peak GPU memory", onGpu);
        Assert.Contains("12.3\u202FGB", onGpu);
    }

    [Fact]
    public void What_users_wrote_never_becomes_markup()
    {
        Assert.Contains("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;Mira&#39; &lt;/p&gt;", Page);
        Assert.DoesNotContain("<script", Page);
        Assert.Contains("a&lt;b&gt;", Page);
    }

    [Fact]
    public void Needs_nothing_but_itself()
    {
        Assert.Empty(ExternalReference().Matches(Page));
        Assert.DoesNotContain("<link", Page);
        Assert.DoesNotContain("@import", Page);
    }

    [Fact]
    public void Every_chart_has_words_for_those_who_do_not_see_it_and_every_table_a_caption()
    {
        Assert.Equal(11, Regex.Count(Page, "<figure>"));
        Assert.Equal(11, Regex.Count(Page, "role=\"img\" aria-label=\"[^\"]{30,}\""));
        Assert.Equal(Regex.Count(Page, "<table>"), Regex.Count(Page, "<caption>[^<]{5,}</caption>"));
        Assert.Equal(1, Regex.Count(Page, "<h1>"));
    }

    [Fact]
    public void Names_inside_the_charts_are_unique_on_the_page()
    {
        var ids = Regex.Matches(Page, " id=\"([^\"]+)\"").Select(match => match.Groups[1].Value).ToList();
        Assert.Equal(ids.Count, ids.Distinct().Count());
        Assert.All(Regex.Matches(Page, "url\\(#([^)]+)\\)"), match => Assert.Contains(match.Groups[1].Value, ids));
    }

    [Fact]
    public void A_run_without_baseline_samples_and_decoding_has_a_page_too()
    {
        var full = SampleReport.Create();
        var page = ReportHtml.Render(full with
        {
            TrainingWithoutTeacher = null,
            Epochs = [.. full.Epochs.Take(1).Select(epoch => epoch with { WithoutTeacher = null })],
            Samples = [],
            Decode = [],
            KlErrors = [],
        });
        Assert.DoesNotContain("without teacher</span>", page);
        Assert.DoesNotContain("id=\"samples\"", page);
        Assert.DoesNotContain("#samples", page);
        Assert.DoesNotContain("#tasks", page);
        Assert.DoesNotContain("#recall", page);
        Assert.DoesNotContain("Without the teacher", page);
    }

    [Fact]
    public void A_teacher_that_made_it_worse_is_said_to_have() =>
        Assert.Contains("% worse", ReportHtml.Render(SampleReport.Create() with { Epochs = [Swapped(SampleReport.Create().Epochs[^1])] }));

    [Fact]
    public void A_difference_within_its_error_is_not_taken_for_one()
    {
        var report = SampleReport.Create();
        var last = report.Epochs[^1];
        var near = last with { WithoutTeacher = last.Distilled with { Student = last.Distilled.Student with { Perplexity = 5.85 } } };
        Assert.Contains("better, which is within the error", ReportHtml.Render(report with { Epochs = [near] }));
        Assert.DoesNotContain("within the error", Page);
    }

    [Fact]
    public void The_reach_of_a_window_is_marked_where_the_axis_of_recall_has_it()
    {
        foreach (var (reach, marks) in new[] { (100, 2), (1, 0), (1 << 20, 0), (0, 0) })
        {
            var report = SampleReport.Create();
            var last = report.Epochs[^1];
            var page = ReportHtml.Render(report with
            {
                Epochs = [last with { Distilled = last.Distilled with { Branches = new BranchResult { Start = new(1, 1, 1), Reach = reach } } }],
            });
            Assert.Equal(marks, Regex.Count(page, "class=\"mark\"")); // a chart for each kind of recall
            Assert.Equal(marks, Regex.Count(page, $"window and sinks: {reach}"));
        }
    }

    [Fact]
    public void Greedy_continuations_are_shown_as_the_teacher_judges_them()
    {
        var page = ReportHtml.Render(SampleReport.Create() with { Greedy = new(8, 32, -0.25, -0.75, null, -1.5) });
        Assert.All(["−0.250", "−0.750", "−1.500", "continued 8 held-out beginnings by up to 32 tokens"], text => Assert.Contains(text, page, StringComparison.Ordinal));
        Assert.DoesNotContain("judged by the teacher", Page, StringComparison.Ordinal);
    }

    [Fact]
    public void The_data_survives_json()
    {
        var json = JsonSerializer.Serialize(SampleReport.Create(), DistilJson.Options);
        Assert.Equal(Page, ReportHtml.Render(JsonSerializer.Deserialize<RunReport>(json, DistilJson.Options)!));
    }

    private static EpochSummary Swapped(EpochSummary epoch) => epoch with { Distilled = epoch.WithoutTeacher!, WithoutTeacher = epoch.Distilled };

    [GeneratedRegex("(src|href|srcset|action)=\"(?!#)|url\\((?!#)|https?://(?!www\\.w3\\.org/)")]
    private static partial Regex ExternalReference();
}
