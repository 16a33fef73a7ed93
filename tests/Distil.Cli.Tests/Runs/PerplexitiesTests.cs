using Distil.Cli.Runs;
using Distil.Core.Tests.Documents.Reports;

namespace Distil.Cli.Tests.Runs;

public sealed class PerplexitiesTests
{
    [Fact]
    public void Are_the_last_epochs()
    {
        var report = SampleReport.Create();
        var last = report.Epochs[^1];
        Assert.Equal(
            new Perplexities(last.Distilled.Student.Perplexity, last.Distilled.Teacher!.Perplexity, last.WithoutTeacher!.Student.Perplexity),
            Perplexities.Of(report));
        Assert.NotEqual(report.Epochs[0].Distilled.Student.Perplexity, Perplexities.Of(report).Student);
    }

    [Fact]
    public void Have_no_third_number_if_the_run_had_no_such_student()
    {
        var report = SampleReport.Create();
        Assert.Null(Perplexities.Of(report with { Epochs = [.. report.Epochs.Select(epoch => epoch with { WithoutTeacher = null })] }).StudentWithoutTeacher);
    }
}
