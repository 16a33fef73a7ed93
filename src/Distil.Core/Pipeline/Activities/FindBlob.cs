using System.Text.Json;
using Distil.Core.Artifacts;

namespace Distil.Core.Pipeline.Activities;

/// <summary>Whether a JSON document is there: a manifest that is needs no making. One that is torn is deleted, so that it can be made again.</summary>
public sealed class FindBlob(ArtifactStore store) : IActivity<string, bool>
{
    /// <summary>Its name in the catalogue.</summary>
    public const string Name = "find-blob";

    /// <inheritdoc/>
    public async Task<bool> RunAsync(string input, CancellationToken cancel)
    {
        if (await store.TryReadTextAsync(input, cancel) is not { } text)
        {
            return false;
        }

        try
        {
            JsonDocument.Parse(text).Dispose();
            return true;
        }
        catch (JsonException)
        {
            await store.DeleteAsync(input, cancel);
            return false;
        }
    }
}
