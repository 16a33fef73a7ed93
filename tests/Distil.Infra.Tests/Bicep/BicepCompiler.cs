using System.Diagnostics;
using System.Reflection;
using System.Text.Json;

namespace Distil.Infra.Tests.Bicep;

/// <summary>The Bicep compiler from its NuGet package, run over a copy of <c>infra/bicep</c>, because it writes some results next to their sources.</summary>
internal static class BicepCompiler
{
    private static readonly string Compiler = Metadata("BicepCompiler");

    /// <value>The files as they are in the repository.</value>
    public static string Sources { get; } = Metadata("BicepFolder");

    /// <summary>Runs the compiler and returns its warnings and errors, if any.</summary>
    public static async Task<(int ExitCode, string Output, string Said)> RunAsync(string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo(Compiler, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            // It lives for seconds: code that is profiled or compiled again costs more than it saves.
            Environment = { ["DOTNET_TieredPGO"] = "0", ["DOTNET_TC_QuickJitForLoops"] = "1", ["DOTNET_TC_CallCounting"] = "0" },
        };
        using var process = Process.Start(start)!;
        var said = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output, await said);
    }

    /// <summary>Predicts the resources of a deployment with these parameters, with expressions evaluated as far as possible without Azure.</summary>
    public static async Task<JsonElement> PredictAsync(string parameters, Func<string, string>? change = null)
    {
        using var copy = new SourceCopy();
        var file = Path.Combine(copy.Folder, parameters);
        if (change is not null)
        {
            await File.WriteAllTextAsync(file, change(await File.ReadAllTextAsync(file)));
        }

        string[] place = ["--subscription-id", Guid.Empty.ToString(), "--resource-group", "rg-distil", "--location", "westeurope"];
        var (code, _, said) = await RunAsync(copy.Folder, ["snapshot", parameters, "--mode", "overwrite", .. place]);
        Assert.True(code == 0, said);
        using var document = JsonDocument.Parse(await File.ReadAllTextAsync(Path.ChangeExtension(file, ".snapshot.json")));
        Assert.Empty(document.RootElement.GetProperty("diagnostics").EnumerateArray());
        return document.RootElement.Clone();
    }

    private static string Metadata(string key) =>
        typeof(BicepCompiler).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(item => item.Key == key).Value!;

    internal sealed class SourceCopy : IDisposable
    {
        public SourceCopy()
        {
            foreach (var path in Directory.EnumerateFiles(Sources, "*", SearchOption.AllDirectories))
            {
                var target = Path.Combine(Folder, Path.GetRelativePath(Sources, path));
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                File.Copy(path, target);
            }
        }

        public string Folder { get; } = Directory.CreateTempSubdirectory("distil-bicep-").FullName;

        public void Dispose() => Directory.Delete(Folder, recursive: true);
    }
}
