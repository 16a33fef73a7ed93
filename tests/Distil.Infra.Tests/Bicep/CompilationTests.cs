namespace Distil.Infra.Tests.Bicep;

/// <summary>Every file compiles without a message; <c>bicepconfig.json</c> sets the linter's rules.</summary>
public sealed class CompilationTests
{
    public static TheoryData<string> Templates => Files("*.bicep");

    public static TheoryData<string> Parameters => Files("*.bicepparam");

    [Theory]
    [MemberData(nameof(Templates))]
    public async Task A_template_compiles_without_a_warning(string file) => await CompilesAsync("build", file);

    [Theory]
    [MemberData(nameof(Parameters))]
    public async Task A_parameter_file_fits_its_template(string file) => await CompilesAsync("build-params", file);

    [Fact]
    public async Task A_lapse_is_an_error()
    {
        using var copy = new BicepCompiler.SourceCopy();
        await File.WriteAllTextAsync(Path.Combine(copy.Folder, "lapse.bicep"), "param unused string\n", TestContext.Current.CancellationToken);

        var (code, _, said) = await BicepCompiler.RunAsync(copy.Folder, "build", "lapse.bicep", "--stdout");

        Assert.Equal(1, code);
        Assert.Contains("Error no-unused-params", said);
    }

    private static async Task CompilesAsync(string verb, string file)
    {
        var (code, output, said) = await BicepCompiler.RunAsync(BicepCompiler.Sources, verb, file, "--stdout");

        Assert.Empty(said);
        Assert.Equal(0, code);
        Assert.NotEmpty(output);
    }

    private static TheoryData<string> Files(string pattern) =>
        [.. Directory.EnumerateFiles(BicepCompiler.Sources, pattern, SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(BicepCompiler.Sources, path))];
}
