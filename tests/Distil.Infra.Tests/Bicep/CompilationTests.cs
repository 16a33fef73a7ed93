namespace Distil.Infra.Tests.Bicep;

/// <summary>Every file compiles without a message; <c>bicepconfig.json</c> sets the linter's rules.</summary>
public sealed class CompilationTests
{
    public static TheoryData<string> Sources =>
        [.. ((string[])["*.bicep", "*.bicepparam"]).SelectMany(pattern => Directory.EnumerateFiles(BicepSources.Original, pattern, SearchOption.AllDirectories))
            .Select(path => Path.GetRelativePath(BicepSources.Original, path))];

    [Theory]
    [MemberData(nameof(Sources))]
    public async Task A_file_compiles_without_a_warning(string file)
    {
        var (template, said) = await BicepServer.CompileAsync(Path.Combine(BicepSources.Original, file));
        Assert.Empty(said);
        Assert.NotEmpty(template);
    }

    [Fact]
    public async Task A_lapse_is_an_error()
    {
        using var sources = new BicepSources();
        await File.WriteAllTextAsync(sources["lapse.bicep"], "param unused string\n", TestContext.Current.CancellationToken);
        var (template, said) = await BicepServer.CompileAsync(sources["lapse.bicep"]);
        Assert.Contains("Error no-unused-params", said, StringComparison.Ordinal);
        Assert.Empty(template);
    }
}
