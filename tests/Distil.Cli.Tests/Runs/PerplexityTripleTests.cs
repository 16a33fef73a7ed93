using System.Text.Json;
using Distil.Cli.Runs;

namespace Distil.Cli.Tests.Runs;

public sealed class PerplexityTripleTests
{
    [Fact]
    public void Is_the_last_epochs()
    {
        var report = Parse("""
            {"epochs": [
              {"epoch": 1, "distilled": {"student": {"perplexity": 9}, "teacher": {"perplexity": 5}}},
              {"epoch": 2, "distilled": {"student": {"perplexity": 6}, "teacher": {"perplexity": 5}}, "withoutTeacher": {"student": {"perplexity": 7}}}]}
            """);
        Assert.Equal(new PerplexityTriple(6, 5, 7), PerplexityTriple.Of(report));
    }

    [Fact]
    public void Has_no_third_number_where_the_run_had_no_such_student()
    {
        var report = Parse("""{"epochs": [{"epoch": 1, "distilled": {"student": {"perplexity": 9}, "teacher": {"perplexity": 5}}}]}""");
        Assert.Equal(new PerplexityTriple(9, 5, null), PerplexityTriple.Of(report));
    }

    private static JsonElement Parse(string json) => JsonDocument.Parse(json).RootElement;
}
