using System.Diagnostics;
using System.Formats.Tar;
using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Distil.EndToEnd.Tests;

/// <summary>What <c>distil pack</c> makes, in folders outside of the repository. The archive distils; the tool, which has the same files, plans.</summary>
public sealed class PackTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_archive_distils_with_nothing_else_on_the_path_and_the_tool_plans()
    {
        using var distil = new DistilCommand();
        var folder = Directory.CreateDirectory(Path.Combine(distil.Workspace.Home, "elsewhere")).FullName;
        var packages = Path.Combine(folder, "packages");
        var packed = (await distil.RunAsync("pack", "--output", packages)).Succeeded().Output;
        // A Node.js that uses libraries of its distribution cannot be packed.
        string[] needed = packed.Contains("must be on the path there", StringComparison.Ordinal) ? ["sh", "readlink", "dirname", "node"] : ["sh", "readlink", "dirname"];

        await using (var archive = new GZipStream(File.OpenRead(Assert.Single(Directory.GetFiles(packages, "*.tar.gz"))), CompressionMode.Decompress))
        {
            await TarFile.ExtractToDirectoryAsync(archive, folder, overwriteFiles: false, Cancel);
        }

        var samples = Path.Combine(folder, "distil", "app", "samples");
        Assert.Empty(Directory.GetDirectories(samples, "node_modules", SearchOption.AllDirectories));
        var teacher = Path.Combine(samples, "stories", "teacher");
        var spec = SmallDemo.WriteTiny(folder, json => json["teacher"] = new JsonObject { ["path"] = teacher });
        var run = (await RunAsync(distil, folder, Path.Combine(folder, "distil", "distil"), PathWith(folder, needed), "run", spec, "--json")).Succeeded();
        var model = JsonDocument.Parse(run.LastLine).RootElement.GetProperty("model").GetString()!;
        Assert.StartsWith(Path.Combine(folder, ".distil"), model, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(model, "model.safetensors")), model);

        var tools = Path.Combine(folder, "tools");
        (await RunAsync(distil, folder, "dotnet", path: null, "tool", "install", "Distil.Tool", "--tool-path", tools, "--source", packages)).Succeeded();
        var plan = (await RunAsync(distil, folder, Path.Combine(tools, "distil"), path: null, "run", spec, "--plan-only", "--json")).Succeeded();
        Assert.True(JsonDocument.Parse(plan.LastLine).RootElement.GetProperty("trainableParameters").GetProperty("value").GetInt64() > 0);
        Assert.Contains("Distil.Trainer.dll", (await RunAsync(distil, folder, Path.Combine(tools, "distil"), path: null, "doctor")).Output, StringComparison.Ordinal);
    }

    /// <summary>A folder with only these programs of the machine.</summary>
    private static string PathWith(string folder, string[] programs)
    {
        var all = Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator);
        var path = Directory.CreateDirectory(Path.Combine(folder, "path")).FullName;
        foreach (var program in programs)
        {
            File.CreateSymbolicLink(Path.Combine(path, program), all.Select(place => Path.Combine(place, program)).First(File.Exists));
        }

        return path;
    }

    private static async Task<CommandResult> RunAsync(DistilCommand distil, string folder, string program, string? path, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder };
        foreach (var (name, value) in distil.Environment)
        {
            start.Environment[name] = value;
        }

        start.Environment.Remove("DISTIL_HOME");
        start.Environment["DOTNET_CLI_HOME"] = folder;
        start.Environment["PATH"] = path ?? start.Environment["PATH"];
        using var process = Process.Start(start)!;
        return await DistilCommand.EndAsync(process);
    }
}
