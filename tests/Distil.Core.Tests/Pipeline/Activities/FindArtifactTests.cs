using Distil.Core.Artifacts.Kinds;
using Distil.Core.Pipeline.Activities;

namespace Distil.Core.Tests.Pipeline.Activities;

public sealed class FindArtifactTests : ScriptedRuns
{
    private static readonly Dataset Dataset = new("data", Shards: 1);

    [Fact]
    public async Task An_artifact_exists_if_its_manifest_does()
    {
        Assert.False(await FindAsync());
        await Store.WriteTextAsync(Dataset.Closing, "{}", cancel: Cancel);
        Assert.True(await FindAsync());
        Assert.True(await Store.ExistsAsync(Dataset.Closing, Cancel));
    }

    [Fact]
    public async Task A_damaged_manifest_does_not_count_and_is_deleted()
    {
        await Store.WriteTextAsync(Dataset.Closing, """{ "vers""", cancel: Cancel);
        Assert.False(await FindAsync());
        Assert.False(await Store.ExistsAsync(Dataset.Closing, Cancel));
    }

    private Task<bool> FindAsync() => new FindArtifact(Store, TimeProvider.System).RunAsync(Dataset, Cancel);
}
