using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Distil.Infra.Tests.Bicep;

/// <summary>The Bicep compiler from its NuGet package: one for all tests, asked over JSON-RPC, because a start costs more than all that it computes.</summary>
/// <remarks>It ends with its input, and so with this process.</remarks>
internal static class BicepServer
{
    private const string LengthHeader = "Content-Length: ";

    private static readonly Lazy<Process> Server = new(Start);
    private static readonly SemaphoreSlim Turn = new(1);

    /// <summary>Predicts the resources of a deployment, with expressions evaluated as far as possible without Azure.</summary>
    /// <param name="path">The file of parameters.</param>
    public static async Task<JsonNode> PredictAsync(string path)
    {
        var place = new JsonObject { ["subscriptionId"] = Guid.Empty.ToString(), ["resourceGroup"] = "rg-distil", ["location"] = "westeurope" };
        return JsonNode.Parse((string)(await AskAsync("bicep/getSnapshot", new() { ["path"] = path, ["metadata"] = place }))["snapshot"]!)!;
    }

    /// <summary>Compiles a template, or a file of parameters with its template.</summary>
    /// <returns>The compiled template, empty if there is an error, and the compiler's messages.</returns>
    public static async Task<(string Template, string Said)> CompileAsync(string path)
    {
        var isTemplate = Path.GetExtension(path) == ".bicep";
        var answer = isTemplate
            ? await AskAsync("bicep/compile", new() { ["path"] = path })
            : await AskAsync("bicep/compileParams", new() { ["path"] = path, ["parameterOverrides"] = new JsonObject() });
        return (
            (string?)answer[isTemplate ? "contents" : "template"] ?? "",
            string.Join('\n', answer["diagnostics"]!.AsArray().Select(message => $"{message!["level"]} {message["code"]}: {message["message"]}")));
    }

    private static Process Start() => Process.Start(new ProcessStartInfo(BicepSources.Compiler, ["jsonrpc", "--stdio"])
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        // It lives for seconds: code that is profiled or compiled again costs more than it saves.
        Environment = { ["DOTNET_TieredPGO"] = "0", ["DOTNET_TC_QuickJitForLoops"] = "1", ["DOTNET_TC_CallCounting"] = "0" },
    })!;

    private static async Task<JsonNode> AskAsync(string method, JsonObject parameters)
    {
        await Turn.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            var question = new JsonObject { ["jsonrpc"] = "2.0", ["id"] = 1, ["method"] = method, ["params"] = new JsonArray(parameters) }.ToJsonString();
            var input = Server.Value.StandardInput.BaseStream;
            await input.WriteAsync(Encoding.UTF8.GetBytes($"{LengthHeader}{Encoding.UTF8.GetByteCount(question)}\r\n\r\n{question}"));
            await input.FlushAsync();
            var answer = JsonNode.Parse(await ReadAsync(Server.Value.StandardOutput.BaseStream))!;
            return answer["result"] ?? throw new InvalidOperationException($"{method} {parameters.ToJsonString()}: {answer["error"]?.ToJsonString()}");
        }
        finally
        {
            Turn.Release();
        }
    }

    private static async Task<byte[]> ReadAsync(Stream output)
    {
        var length = 0;
        while (await LineAsync(output) is { Length: > 0 } header)
        {
            length = header.StartsWith(LengthHeader, StringComparison.OrdinalIgnoreCase) ? int.Parse(header[LengthHeader.Length..], CultureInfo.InvariantCulture) : length;
        }

        var answer = new byte[length];
        await output.ReadExactlyAsync(answer);
        return answer;
    }

    private static async Task<string> LineAsync(Stream output)
    {
        var (line, one) = (new StringBuilder(), new byte[1]);
        while (one[0] != '\n')
        {
            await output.ReadExactlyAsync(one);
            line.Append((char)one[0]);
        }

        return line.ToString().TrimEnd();
    }
}
