using System.Diagnostics;
using System.Text.Json.Nodes;
using Distil.Cli.Workspaces;

namespace Distil.Cli.Tests.Serving.OpenAi;

/// <summary>The endpoints, driven by OpenAI's client for Node (tools/openai).</summary>
public sealed class NpmClientTests(ServedModel served) : IClassFixture<ServedModel>
{
    private static readonly string Script = Workspace.Find().RepositoryFile("tools", "openai", "drive.mjs");

    [Fact]
    public async Task Chats_streams_completions_refusals_and_models_reach_the_client()
    {
        Assert.SkipUnless(
            Directory.Exists(Path.Combine(Path.GetDirectoryName(Script)!, "node_modules", "openai")), "OpenAI's client is not installed: run `npm ci` in tools/openai");
        using var node = Process.Start(
            new ProcessStartInfo("node", [Script, new Uri(served.Url, "v1").ToString(), served.Model.Name]) { RedirectStandardOutput = true })!;
        var output = await node.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await node.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, node.ExitCode);

        var seen = JsonNode.Parse(output)!;
        Assert.NotEmpty((string)seen["whole"]!);
        Assert.Equal((string?)seen["whole"], (string?)seen["streamed"]);
        Assert.Equal(("length", 16, 16), ((string?)seen["finish"], (int)seen["tokens"]!, (int)seen["streamedTokens"]!));
        Assert.NotEmpty((string)seen["completion"]!);
        Assert.Equal((400, "temperature", "BadRequestError"), ((int)seen["refused"]!["status"]!, (string?)seen["refused"]!["param"], (string?)seen["refused"]!["name"]));
        Assert.Equal([served.Model.Name], seen["models"]!.AsArray().Select(model => (string?)model));
    }
}
