using Distil.Cli.Runs;
using Distil.Core.Tests.Documents.Reports;

namespace Distil.Cli.Tests.Runs;

public sealed class ComparisonTableTests
{
    [Fact]
    public void Has_a_line_for_each_run_the_best_student_first_and_a_dash_for_what_was_not_measured()
    {
        var one = SampleReport.Create();
        var last = one.Epochs[^1];
        var better = one with
        {
            RunId = "better",
            Epochs =
            [
                last with
                {
                    WithoutTeacher = null,
                    Distilled = last.Distilled with { Student = last.Distilled.Student with { Perplexity = last.Distilled.Student.Perplexity / 2 }, Kl = null },
                },
            ],
        };
        var lines = ComparisonTable.Of([one, better]);

        Assert.Equal(3, lines.Count);
        Assert.Matches("^run +perplexity +teacher +ratio +without teacher +KL +top-1 agreement +parameters +training$", lines[0]);
        Assert.Matches(@"^better +[\d.]+ +[\d.]+ +[\d.]+ +– +– +[\d.]+ % +[\d,]+ +\d+:\d\d:\d\d$", lines[1]);
        Assert.Matches($@"^{one.RunId} +[\d.]+ +[\d.]+ +[\d.]+ +[\d.]+ +[\d.]+ +[\d.]+ % +[\d,]+ +\d+:\d\d:\d\d$", lines[2]);
        Assert.Equal(lines[1].Length, lines[2].Length);
    }
}
