using Distil.Functions.Pipelines;

namespace Distil.Functions.Tests.Pipelines;

public sealed class InstanceIdTests
{
    private const string Run = "2026-11-30-235959-a-name-of-forty-characters-as-long-as-it-0a1b2c";

    [Fact]
    public void A_part_is_named_by_its_parent_and_itself() => Assert.Equal("run:teach-00001", InstanceId.Of("run", "teach-00001"));

    [Fact]
    public void No_id_is_longer_than_every_back_end_takes_and_each_is_unique_and_found_by_its_run()
    {
        Assert.Equal(17 + 1 + 40 + 7, Run.Length);
        string[] ranges = ["teach-00000-to-99999", "teach-100000-to-199999", "baseline-train-001-to-00002"];
        string[] jobs = ["teach-00000", "teach-00001", "baseline-train-001", "baseline-train-001-again-1", "baseline-train-001-again-2"];
        string[] watches = ["baseline-train-001-try-10-watch-100", "baseline-train-001-try-10-watch-101"];
        var ids = new List<string>();
        foreach (var range in ranges)
        {
            var ofRange = InstanceId.Of(Run, range);
            ids.Add(ofRange);
            foreach (var job in jobs)
            {
                var ofJob = InstanceId.Of(ofRange, job);
                ids.AddRange([ofJob, .. watches.Select(watch => InstanceId.Of(ofJob, watch))]);
            }
        }

        Assert.All(ids, id => Assert.InRange(id.Length, 1, 100));
        Assert.All(ids, id => Assert.StartsWith($"{Run}:", id, StringComparison.Ordinal));
        Assert.All(ids, id => Assert.Equal(Run, InstanceId.RunOf(id)));
        Assert.Equal(ids.Count, ids.Distinct().Count());
    }

    [Fact]
    public void An_id_is_the_same_in_each_replay() =>
        Assert.Equal($"{Run}:c97837243960884d:teach-00001-again", InstanceId.Of($"{Run}:teach-00000-to-00149", "teach-00001-again-1"));
}
