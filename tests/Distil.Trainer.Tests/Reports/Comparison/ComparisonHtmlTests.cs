using System.Text.Json;
using System.Text.RegularExpressions;
using Distil.Core;
using Distil.Core.Documents.Reports;
using Distil.Core.Tests.Documents.Reports;
using Distil.Trainer.Commands;
using Distil.Trainer.Reports.Comparison;

namespace Distil.Trainer.Tests.Reports.Comparison;

public sealed class ComparisonHtmlTests
{
    private static readonly RunReport Better = SampleReport.Create();

    private static readonly RunReport Worse = Better with
    {
        RunId = "2026-11-24-<b>tales",
        Spec = Better.Spec with { Training = Better.Spec.Training with { LearningRate = 5e-4 }, Seed = 2 },
        Epochs = [.. Better.Epochs.Select(epoch => epoch with { Distilled = epoch.WithoutTeacher! })],
        Training = Better.Training with { Seconds = 40 },
    };

    private static readonly string Page = ComparisonHtml.Render([Better, Worse]);

    /// <summary>Leaves the page in the test's output folder, to look at in a browser.</summary>
    [Fact]
    public void Is_a_file_of_modest_size()
    {
        File.WriteAllText(Path.Combine(AppContext.BaseDirectory, "sample-comparison.html"), Page);
        Assert.InRange(Page.Length, 20_000, 600_000);
    }

    [Fact]
    public void Shows_the_fields_that_differ_and_no_others()
    {
        var section = Section("differences");
        Assert.Equal(["Run", "seed", "training.learningRate"], Regex.Matches(section, "<th scope=\"col\">([^<]+)</th>").Select(match => match.Groups[1].Value));
        Assert.Contains("<td>0.0005</td>", section);
    }

    [Fact]
    public void Marks_the_best_of_each_column()
    {
        var rows = Regex.Matches(Section("results"), "<tr><th scope=\"row\">(.*?)</th>(.*?)</tr>").ToArray();
        string[] labels = ["seed 1, learningRate 0.002", "seed 2, learningRate 0.0005"];
        Assert.Equal([.. labels, .. labels, .. labels], rows.Select(row => row.Groups[1].Value));
        Assert.Contains("<td class=\"best\">5.830\u202F&#177;\u202F0.082 <span title=\"best\">★</span></td>", rows[0].Value);
        Assert.Contains("<td class=\"best\">40.0\u202Fs", rows[5].Value);
        Assert.DoesNotContain("class=\"best\">6.31", Page);
    }

    [Fact]
    public void Draws_a_line_a_run_and_only_the_best_where_there_are_too_many()
    {
        Assert.Equal(2, Regex.Count(Page[Page.IndexOf("Held-out perplexity</strong>", StringComparison.Ordinal)..], "class=\"key\"") / 7.0, 0.5);
        var many = ComparisonHtml.Render([.. Enumerable.Range(0, 12).Select(i => Better with { RunId = $"run-{i}", Spec = Better.Spec with { Seed = i } })]);
        Assert.Contains("The 8 runs of the lowest perplexity; 4 more are in the table", many);
    }

    [Fact]
    public void What_users_wrote_never_becomes_markup_and_nothing_else_is_needed()
    {
        Assert.DoesNotContain("<b>tales", Page);
        Assert.DoesNotContain("<script", Page);
        Assert.DoesNotMatch("(src|href|srcset|action)=\"(?!#)", Page);
    }

    [Fact]
    public void Equal_runs_have_no_best_and_go_by_their_ids()
    {
        var page = ComparisonHtml.Render([Better, Better with { RunId = "again" }]);
        Assert.DoesNotContain("class=\"best\"", page);
        Assert.Contains("Nothing: these runs have the same specification", page);
        Assert.Contains(">again<", page);
    }

    [Fact]
    public void The_command_writes_the_page_and_prints_the_numbers()
    {
        var folder = Directory.CreateTempSubdirectory("distil-compare-");
        string[] files = [Path.Combine(folder.FullName, "a.json"), Path.Combine(folder.FullName, "b.json")];
        File.WriteAllText(files[0], JsonSerializer.Serialize(Better, DistilJson.Options));
        File.WriteAllText(files[1], JsonSerializer.Serialize(Worse, DistilJson.Options));
        var page = Path.Combine(folder.FullName, "page.html");
        using var output = new StringWriter();

        Assert.Equal(0, CompareCommand.Create().Parse([.. files, "--output", page, "--json"]).Invoke(new() { Output = output }));

        Assert.Equal(Page, File.ReadAllText(page));
        var compared = JsonSerializer.Deserialize<ComparedRun[]>(output.ToString(), DistilJson.Options)!;
        Assert.Equal("0.0005", compared[1].Differences["training.learningRate"]);
        Assert.Equal(5.83, compared[0].Measures["Perplexity"], 1e-9);
        Assert.Equal(0.93, compared[0].Tasks["friend"], 1e-9);
        Assert.Contains("Perplexity", compared[0].BestIn);
        Assert.Contains("Training", compared[1].BestIn);
        folder.Delete(recursive: true);
    }

    private static string Section(string id)
    {
        var start = Page.IndexOf($"<section id=\"{id}\">", StringComparison.Ordinal);
        return Page[start..Page.IndexOf("</section>", start, StringComparison.Ordinal)];
    }
}
