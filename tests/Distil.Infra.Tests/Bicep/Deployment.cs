using System.Collections.Concurrent;
using System.Text.Json;

namespace Distil.Infra.Tests.Bicep;

/// <summary>The resources of a predicted deployment.</summary>
internal sealed class Deployment(JsonElement prediction)
{
    // A prediction takes a second or two, and most tests use the same two.
    private static readonly ConcurrentDictionary<(string Example, string Lines), Lazy<Task<JsonElement>>> Predictions = new();

    public JsonElement Outputs => prediction.GetProperty("outputs");

    /// <summary>Predicts the resources of one of the examples.</summary>
    /// <param name="example">dev or prod.</param>
    /// <param name="lines">Lines appended to the example's own.</param>
    public static async Task<Deployment> OfAsync(string example, params string[] lines) =>
        new(await Predictions.GetOrAdd((example, string.Join('\n', lines)), static asked => new(() =>
            BicepCompiler.PredictAsync($"main.{asked.Example}.bicepparam", text => text + asked.Lines))).Value);

    public IEnumerable<JsonElement> All() => prediction.GetProperty("predictedResources").EnumerateArray();

    public IReadOnlyList<JsonElement> Of(string type) => [.. All().Where(resource => resource.GetProperty("type").ValueEquals(type))];

    public JsonElement One(string type) => Assert.Single(Of(type)).GetProperty("properties");
}
