using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Jobs;
using Distil.Core.Runs;

namespace Distil.Core.Tests.Pipeline;

/// <summary>The manifests that a run writes over the shards of its dataset and of the teacher's outputs.</summary>
public sealed class ClosingTests : ScriptedRuns
{
    [Fact]
    public async Task Closes_the_dataset_and_the_teachers_outputs_over_all_shards()
    {
        await RunAsync();
        var cancel = Cancel;
        var dataset = await Store.ReadJsonAsync<DatasetManifest>(ArtifactLayout.DatasetManifest("data"), cancel);
        Assert.Equal((2, 20, 200), (dataset.Shards.Count, dataset.TrainRows, dataset.TrainTokens));
        var outputs = await Store.ReadJsonAsync<TeacherOutputsManifest>(ArtifactLayout.TeacherOutputsManifest("outputs"), cancel);
        Assert.Equal((200, 500, 2.5), (outputs.Tokens, outputs.Bytes, outputs.BytesPerToken));
    }

    [Fact]
    public async Task Shards_that_are_gone_or_torn_when_the_dataset_is_closed_are_made_again()
    {
        Jobs.OnStart = job =>
        {
            if (job == "prepare-00002")
            {
                Service.Blobs.TryRemove(ArtifactLayout.DatasetShard("data", 0), out _);
                Service.Blobs[ArtifactLayout.DatasetShard("data", 1)] = "{ \"index\":"u8.ToArray();
            }
        };
        Assert.Equal(RunState.Succeeded, (await RunAsync(shards: 3)).Outcome.State);
        Assert.Equal(["prepare-00000-again-1", "prepare-00001-again-1"], Jobs.Started.Where(job => job.Contains("-again-")));
    }

    [Fact]
    public async Task However_many_shards_are_gone_a_step_names_a_thousand_at_a_time()
    {
        var missing = (await new Dataset("data", Shards: 1_500).CloseAsync(Store, Cancel)).Missing!;
        Assert.Equal(Enumerable.Range(0, 1000), missing);
    }

    [Fact]
    public async Task A_torn_manifest_is_made_again()
    {
        await RunAsync("first");
        Service.Blobs[ArtifactLayout.DatasetManifest("data")] = "{ \"vers"u8.ToArray();
        Assert.Equal(RunState.Succeeded, (await RunAsync("second")).Outcome.State);
        await Store.ReadJsonAsync<DatasetManifest>(ArtifactLayout.DatasetManifest("data"), Cancel);
    }

    [Fact]
    public async Task A_dataset_without_rows_to_evaluate_ends_the_run_and_the_failure_says_what_to_change()
    {
        Jobs.EvalRows = 0;
        var (outcome, context) = await RunAsync();
        Assert.Equal((RunState.Failed, FailureClass.InvalidInput), (outcome.State, outcome.Failure!.Class));
        Assert.StartsWith("dataset: no row held out for evaluation", outcome.Failure.Message, StringComparison.Ordinal);
        Assert.Equal(outcome.Failure, context.Statuses.Last().LastFailure);
        Assert.Equal(["prepare-00000", "prepare-00001"], Jobs.Started);
    }
}
