using Distil.Core.Artifacts;

namespace Distil.Trainer.Tests.Jobs;

public class ArtifactCacheTests
{
    [Theory]
    [InlineData("")]
    [InlineData("ab")]
    [InlineData("../../../../../../../../../../../../../../../../../../../../tmp/x")] // as long as a checksum
    public async Task A_checksum_that_is_none_never_becomes_a_path(string checksum)
    {
        var cache = new ArtifactCache(Path.GetTempPath());

        var error = await Assert.ThrowsAsync<ArtifactException>(
            () => cache.GetAsync(store: null!, new ArtifactFile("datasets/d/tokens-00000.bin", 1, checksum), TestContext.Current.CancellationToken));

        Assert.Contains("64 lower-case hexadecimal digits", error.Message);
    }
}
