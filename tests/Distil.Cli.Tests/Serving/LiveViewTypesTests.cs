using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Distil.Cli.Workspaces;
using Distil.Web;

namespace Distil.Cli.Tests.Serving;

/// <summary>The live view's scripts against the documents that the API returns: TypeScript's compiler checks them, with types made from
/// <c>/openapi.json</c>.</summary>
public sealed class LiveViewTypesTests(SharedAzurite azurite) : IDisposable
{
    private static readonly string Compiler = Workspace.Find().RepositoryFile("tools", "typescript", "node_modules", "typescript", "bin", "tsc");
    private static readonly string Libraries = Workspace.Find().RepositoryFile("tools", "web", "node_modules");

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("distil-live-view-");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Every_field_and_value_that_a_page_uses_is_in_the_document() => Assert.Equal("", await CheckAsync(await TypesAsync()));

    [Fact]
    public async Task A_field_or_value_that_is_renamed_is_found_where_it_is_used()
    {
        (string Name, string File)[] renamed =
        [
            ("stageDone", "parts.js"), ("gradientNorm", "charts.js"), ("perplexityStandardError", "evaluations.js"),
            ("prepare", "format.js"), ("nextOffset", "metrics.js"),
            ("modifiedAt", "views/run-parts.js"), ("continuationToken", "views/runs.js"), ("top1Agreement", "views/compare.js"), ("pointer", "views/new.js"),
        ];
        var types = await TypesAsync();
        foreach (var (name, _) in renamed)
        {
            Assert.Contains($"\"{name}\"", types, StringComparison.Ordinal);
            types = types.Replace($"\"{name}\"", $"\"{name}Renamed\"", StringComparison.Ordinal);
        }

        var report = await CheckAsync(types);
        Assert.All(renamed, each => Assert.Matches($@"(?m)^{Regex.Escape(each.File)}\(.*{each.Name}", report));
    }

    private async Task<string> TypesAsync()
    {
        await using var api = await ServedApi.StartAsync(azurite);
        return TypeScriptTypes.Of(JsonNode.Parse(await api.Client.GetStringAsync("/openapi.json", Cancel))!);
    }

    /// <returns>What the compiler reports; empty if nothing.</returns>
    private async Task<string> CheckAsync(string types)
    {
        Assert.SkipUnless(File.Exists(Compiler), "TypeScript is not installed: run `npm ci` in tools/typescript");
        var site = new LiveSite(samples: null);
        foreach (var name in site.Names.Where(name => name.EndsWith(".js", StringComparison.Ordinal)))
        {
            var path = Path.Combine(_folder.FullName, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await File.WriteAllBytesAsync(path, site.Find(name)!.Content, Cancel);
        }

        File.Copy(Path.Combine(Libraries, "lit-html", "lit-html.d.ts"), Path.Combine(_folder.FullName, "vendor", "lit-html.d.ts"));
        File.Copy(Path.Combine(Libraries, "uplot", "dist", "uPlot.d.ts"), Path.Combine(_folder.FullName, "vendor", "uplot.d.ts"));
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "openapi.d.ts"), types, Cancel);
        string[] arguments =
        [
            Compiler, "--allowJs", "--checkJs", "--noEmit", "--skipLibCheck", "--target", "es2022", "--lib", "es2023,dom,dom.iterable", "--module", "esnext",
            "--moduleResolution", "bundler", "main.js",
        ];
        using var process = Process.Start(new ProcessStartInfo("node", arguments) { WorkingDirectory = _folder.FullName, RedirectStandardOutput = true })!;
        var report = await process.StandardOutput.ReadToEndAsync(Cancel);
        await process.WaitForExitAsync(Cancel);
        return report;
    }
}
