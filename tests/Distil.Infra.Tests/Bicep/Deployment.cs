using System.Collections.Concurrent;
using System.Text.Json;

namespace Distil.Infra.Tests.Bicep;

/// <summary>The resources of a predicted deployment.</summary>
internal sealed class Deployment(JsonElement prediction)
{
    // Most tests use the same two.
    private static readonly ConcurrentDictionary<(string Example, string Lines), Lazy<Task<JsonElement>>> Predictions = new();

    public JsonElement Outputs => prediction.GetProperty("outputs");

    /// <summary>Predicts the resources of one of the examples.</summary>
    /// <param name="example">dev or prod.</param>
    /// <param name="lines">Lines appended to the example's own.</param>
    public static async Task<Deployment> OfAsync(string example, params string[] lines) =>
        new(await Predictions.GetOrAdd((example, string.Join('\n', lines)), static asked => new(() =>
            PredictAsync($"main.{asked.Example}.bicepparam", text => text + asked.Lines))).Value);

    /// <summary>Predicts the resources of a changed example.</summary>
    /// <param name="parameters">The file of its parameters.</param>
    /// <param name="change">Changes them.</param>
    public static async Task<JsonElement> PredictAsync(string parameters, Func<string, string> change)
    {
        using var sources = new BicepSources();
        await File.WriteAllTextAsync(sources[parameters], change(await File.ReadAllTextAsync(sources[parameters])));
        var prediction = (await BicepServer.PredictAsync(sources[parameters])).Deserialize<JsonElement>();
        Assert.Empty(prediction.GetProperty("diagnostics").EnumerateArray());
        return prediction;
    }

    public IEnumerable<JsonElement> All() => prediction.GetProperty("predictedResources").EnumerateArray();

    public IReadOnlyList<JsonElement> Of(string type) => [.. All().Where(resource => resource.GetProperty("type").ValueEquals(type))];

    public JsonElement One(string type) => Assert.Single(Of(type)).GetProperty("properties");
}
