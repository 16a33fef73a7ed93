using Distil.Cli.Runs;
using Distil.Cli.Tests.Serving;
using Distil.Core.Errors;

namespace Distil.Cli.Tests.Runs;

public sealed class RunNamesTests(SharedAzurite azurite)
{
    private static readonly string[] Ids = ["2026-03-02-tales-0000ff", "2026-03-01-tales-00aa00", "2026-03-01-tales", "2026-02-01-news-ff0000"];

    [Theory]
    [InlineData("latest", "2026-03-02-tales-0000ff")]
    [InlineData("2026-02", "2026-02-01-news-ff0000")]
    [InlineData("00aa00", "2026-03-01-tales-00aa00")]
    [InlineData("2026-03-01-tales", "2026-03-01-tales")]
    public void A_run_is_found_by_its_id_its_beginning_its_end_or_as_the_latest(string name, string id) => Assert.Equal(id, RunNames.Resolve(Ids, name));

    [Theory]
    [InlineData("2026-03", "means 3 runs: 2026-03-02-tales-0000ff, 2026-03-01-tales-00aa00, 2026-03-01-tales;")]
    [InlineData("tale", "is not a run")]
    public void A_name_of_none_or_of_several_is_refused(string name, string why) =>
        Assert.StartsWith($"{name} {why}", Assert.Throws<InvalidInputException>(() => RunNames.Resolve(Ids, name)).Message, StringComparison.Ordinal);

    [Fact]
    public void Without_runs_there_is_no_latest() =>
        Assert.StartsWith("there is no run yet", Assert.Throws<InvalidInputException>(() => RunNames.Resolve([], "latest")).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("../..")]
    [InlineData("a/../b")]
    [InlineData("a?b#c%2f")]
    public async Task A_text_that_would_name_another_place_of_the_storage_is_no_run(string name)
    {
        var store = await azurite.NewStoreAsync();
        var error = await Assert.ThrowsAsync<InvalidInputException>(() => RunNames.ResolveAsync(store, name, TestContext.Current.CancellationToken));
        Assert.StartsWith($"{name} is not a run", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_long_name_is_not_repeated_whole() =>
        Assert.InRange(Assert.Throws<InvalidInputException>(() => RunNames.Resolve(Ids, new string('x', 3000))).Message.Length, 1, 200);
}
