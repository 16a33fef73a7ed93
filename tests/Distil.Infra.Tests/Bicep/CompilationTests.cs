namespace Distil.Infra.Tests.Bicep;

/// <summary>Every file compiles without a message; <c>bicepconfig.json</c> sets the linter's rules.</summary>
/// <param name="compiled">All files, each kind compiled by one process: a start of the compiler costs more than all that it compiles.</param>
public sealed class CompilationTests(CompilationTests.Compiled compiled) : IClassFixture<CompilationTests.Compiled>
{
    public static TheoryData<string> Templates => Files("*.bicep");

    public static TheoryData<string> Parameters => Files("*.bicepparam");

    [Theory]
    [MemberData(nameof(Templates))]
    public void A_template_compiles_without_a_warning(string file) => Compiles(file, compiled.Templates);

    [Theory]
    [MemberData(nameof(Parameters))]
    public void A_parameter_file_fits_its_template(string file) => Compiles(file, compiled.Parameters);

    [Fact]
    public async Task A_lapse_is_an_error()
    {
        using var copy = new BicepCompiler.SourceCopy();
        await File.WriteAllTextAsync(Path.Combine(copy.Folder, "lapse.bicep"), "param unused string\n", TestContext.Current.CancellationToken);

        var (code, _, said) = await BicepCompiler.RunAsync(copy.Folder, "build", "--pattern", "lapse.bicep");

        Assert.Equal(1, code);
        Assert.Contains("Error no-unused-params", said);
    }

    private static void Compiles(string file, (string Folder, int ExitCode, string Said) compilation)
    {
        Assert.Empty(compilation.Said);
        Assert.Equal(0, compilation.ExitCode);
        Assert.NotEqual(0, new FileInfo(Path.Combine(compilation.Folder, Path.ChangeExtension(file, ".json"))).Length);
    }

    private static TheoryData<string> Files(string pattern) =>
        [.. Directory.EnumerateFiles(BicepCompiler.Sources, pattern, SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(BicepCompiler.Sources, path))];

    /// <summary>What the compiler makes of the files: for each kind the folder of its results, its exit code and its messages.</summary>
    public sealed class Compiled : IAsyncLifetime
    {
        private readonly BicepCompiler.SourceCopy _templates = new();
        private readonly BicepCompiler.SourceCopy _parameters = new();

        public (string Folder, int ExitCode, string Said) Templates { get; private set; }

        public (string Folder, int ExitCode, string Said) Parameters { get; private set; }

        public async ValueTask InitializeAsync()
        {
            Templates = await CompileAsync(_templates, "build", "**/*.bicep");
            Parameters = await CompileAsync(_parameters, "build-params", "**/*.bicepparam");
        }

        public ValueTask DisposeAsync()
        {
            _templates.Dispose();
            _parameters.Dispose();
            return ValueTask.CompletedTask;
        }

        private static async Task<(string Folder, int ExitCode, string Said)> CompileAsync(BicepCompiler.SourceCopy copy, string verb, string pattern)
        {
            var (code, _, said) = await BicepCompiler.RunAsync(copy.Folder, verb, "--pattern", pattern);
            return (copy.Folder, code, said);
        }
    }
}
