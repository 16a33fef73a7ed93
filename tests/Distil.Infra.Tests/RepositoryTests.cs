using System.Text.Json;
using System.Text.RegularExpressions;
using Distil.Infra.Tests.Bicep;

namespace Distil.Infra.Tests;

/// <summary>The files with which people carry on a project: they name what the repository itself names.</summary>
public sealed class RepositoryTests
{
    private static readonly string Root = Path.GetFullPath(Path.Combine(BicepSources.Original, "../.."));

    [Fact]
    public void The_workflow_runs_what_continuous_integration_runs_on_the_SDK_of_the_repository()
    {
        var workflow = Read(".github/workflows/ci.yml");
        Assert.Matches(@"(?m)^ +- run: \.ci/run$", workflow);
        Assert.Contains("global-json-file: global.json", workflow, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(Root, ".ci", "run")));
    }

    [Fact]
    public void The_development_container_has_the_SDK_of_the_repository_and_a_supported_Node()
    {
        using var container = JsonDocument.Parse(Read(".devcontainer/devcontainer.json"));
        using var sdk = JsonDocument.Parse(Read("global.json"));
        var versions = container.RootElement.GetProperty("features").EnumerateObject()
            .ToDictionary(feature => feature.Name.Split('/', ':')[^2], feature => feature.Value.GetProperty("version").GetString()!);
        Assert.StartsWith(versions["dotnet"] + ".", sdk.RootElement.GetProperty("sdk").GetProperty("version").GetString(), StringComparison.Ordinal);
        Assert.InRange(int.Parse(versions["node"], System.Globalization.CultureInfo.InvariantCulture), 20, 99);
    }

    [Fact]
    public void The_changelog_has_the_present_version()
    {
        var version = Regex.Match(Read("Directory.Build.props"), "<Version>(.+)</Version>").Groups[1].Value;
        Assert.Matches($@"(?m)^## .*\b{Regex.Escape(version)}\b", Read("CHANGELOG.md"));
    }

    [Fact]
    public void Azd_is_told_of_files_that_exist_and_its_hook_of_outputs_that_exist()
    {
        var (project, template) = (Read("azure.yaml"), Read("infra/bicep/azd.bicep"));
        Assert.All(
            Regex.Matches(project, @"(?m)^ +(?:path|project|run): (\S+)$").Select(match => Path.Combine(Root, match.Groups[1].Value)),
            path => Assert.True(Path.Exists(path), path));
        Assert.Contains("module: azd\n", project, StringComparison.Ordinal);

        var needed = Regex.Matches(Read("infra/azd/image.sh"), @"\$\{(\w+):\?").Select(match => match.Groups[1].Value).ToList();
        Assert.True(needed.Remove("AZURE_SUBSCRIPTION_ID")); // azd's own
        Assert.Equal(4, needed.Count);
        Assert.All(needed, name => Assert.Contains($"output {name} string", template, StringComparison.Ordinal));
        Assert.Contains("'azd-service-name': 'api'", Read("infra/bicep/modules/functions.bicep"), StringComparison.Ordinal);
        Assert.Contains("\n  api:\n", project, StringComparison.Ordinal);
    }

    private static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));
}
