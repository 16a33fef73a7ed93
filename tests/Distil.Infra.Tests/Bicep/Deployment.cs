using System.Text.Json;

namespace Distil.Infra.Tests.Bicep;

/// <summary>The resources of a predicted deployment.</summary>
internal sealed class Deployment(JsonElement prediction)
{
    public JsonElement Outputs => prediction.GetProperty("outputs");

    /// <summary>Predicts what one of the examples makes.</summary>
    /// <param name="example">dev or prod.</param>
    /// <param name="lines">Lines put behind the example's own.</param>
    public static async Task<Deployment> OfAsync(string example, params string[] lines) =>
        new(await BicepCompiler.PredictAsync($"main.{example}.bicepparam", text => text + string.Join('\n', lines)));

    public IEnumerable<JsonElement> All() => prediction.GetProperty("predictedResources").EnumerateArray();

    public IReadOnlyList<JsonElement> Of(string type) => [.. All().Where(resource => resource.GetProperty("type").ValueEquals(type))];

    public JsonElement One(string type) => Assert.Single(Of(type)).GetProperty("properties");
}
