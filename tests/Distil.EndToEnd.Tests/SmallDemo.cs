using System.Text.Json.Nodes;

namespace Distil.EndToEnd.Tests;

/// <summary>A specification like the demo's in a size for tests: the sample teacher, a small text, two blocks, a minute.</summary>
internal static class SmallDemo
{
    private static readonly string Repository = Distil.Cli.Workspaces.Workspace.Find().Repository!;

    /// <summary>Writes the specification into a folder.</summary>
    /// <param name="folder">Folder of the specification.</param>
    /// <param name="change">Adapts it to the test.</param>
    /// <returns>Its path.</returns>
    public static string Write(string folder, Action<JsonNode>? change = null)
    {
        var spec = new JsonObject
        {
            ["name"] = "small-demo",
            ["teacher"] = new JsonObject { ["path"] = Path.Combine(Repository, "samples", "stories", "teacher") },
            ["dataset"] = new JsonObject
            {
                ["sources"] = new JsonArray(Text(folder)),
                ["contextLength"] = 64,
                ["shardTokens"] = 6000,
                ["evalFraction"] = 0.05,
            },
            ["student"] = new JsonObject { ["blocks"] = 2, ["heads"] = 4, ["qkvBlockSize"] = 4 },
            ["training"] = new JsonObject { ["epochs"] = 2, ["batchSize"] = 4, ["learningRate"] = 2e-3, ["checkpointEverySteps"] = 5 },
            ["evaluation"] = new JsonObject
            {
                ["maxRows"] = 16, ["baseline"] = true, ["sampleTokens"] = 8, ["decodeContexts"] = new JsonArray(16, 32, 64),
                ["recall"] = new JsonObject { ["lengths"] = new JsonArray(16, 32), ["sequences"] = 4 },
            },
            ["compute"] = new JsonObject { ["device"] = "cpu", ["teachParallelism"] = 2 },
        };
        change?.Invoke(spec);

        var path = Path.Combine(folder, $"{Guid.NewGuid():n}.json");
        File.WriteAllText(path, spec.ToJsonString());
        return path;
    }

    /// <summary>Writes a smaller specification with everything left out that the stages do not need: one student, one epoch, two shards, hardly any
    /// evaluation.</summary>
    /// <inheritdoc cref="Write"/>
    public static string WriteTiny(string folder, Action<JsonNode>? change = null) => Write(folder, json =>
    {
        (json["dataset"]!["maxTokens"], json["dataset"]!["shardTokens"]) = (4000, 2000);
        json["training"]!["epochs"] = 1;
        json["compute"]!["teachParallelism"] = 1;
        json["evaluation"] = HardlyAny();
        change?.Invoke(json);
    });

    /// <summary>An evaluation for tests of which it is no part.</summary>
    public static JsonNode HardlyAny() =>
        JsonNode.Parse("""{ "maxRows": 8, "baseline": false, "sampleTokens": 0, "decodeContexts": [16], "recall": { "lengths": [] } }""")!;

    /// <summary>Writes a text with one document per line, of about 50 tokens each.</summary>
    public static string Text(string folder, int documents = 240)
    {
        var path = Path.Combine(folder, "stories.txt");
        File.WriteAllLines(path, Stories().Take(documents));
        return path;
    }

    /// <summary>About 12,000 tokens of text.</summary>
    public static IEnumerable<string> Stories()
    {
        string[] names = ["Mira", "Tom", "Old Ben", "Lily", "the small fox", "Anna"];
        string[] things = ["red kite", "silver key", "wooden boat", "warm scarf", "round stone"];
        string[] places = ["the river", "the hill", "the market", "the old mill"];
        return Enumerable.Range(0, 240).Select(i =>
            $"{names[i % 6]} went to {places[i % 4]} with a {things[i % 5]}. There {names[(i + 1) % 6]} was waiting. "
            + $"\"Is that your {things[i % 5]}?\" asked {names[(i + 1) % 6]}. They played at {places[i % 4]} until the sun went down, and then they went home.");
    }
}
