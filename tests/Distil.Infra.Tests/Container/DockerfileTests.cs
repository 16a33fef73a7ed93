using System.Text.RegularExpressions;
using System.Xml.Linq;
using Distil.Infra.Tests.Bicep;

namespace Distil.Infra.Tests.Container;

/// <summary>Checks of the image that need no container engine.</summary>
public sealed class DockerfileTests
{
    private static readonly string Root = Path.GetFullPath(Path.Combine(BicepSources.Original, "../.."));
    private static readonly string[] Lines = File.ReadAllLines(Path.Combine(Root, "infra/container/Dockerfile"));

    private static IEnumerable<string> LastStage => Lines.Skip(Array.FindLastIndex(Lines, line => line.StartsWith("FROM ")));

    [Fact]
    public void Copies_only_what_is_there_and_not_ignored()
    {
        var kept = File.ReadAllLines(Path.Combine(Root, ".dockerignore")).Where(line => line.StartsWith('!')).Select(line => line[1..]).ToList();
        var sources = Lines.Where(line => line.StartsWith("COPY ") && !line.Contains("--from"))
            .SelectMany(line => line.Split(' ')[1..^1])
            .Select(source => source.TrimEnd('/'))
            .ToList();

        Assert.Contains("src/Distil.Trainer", sources);
        Assert.All(sources, source => Assert.True(Path.Exists(Path.Combine(Root, source)), source));
        Assert.All(sources, source => Assert.Contains(kept, keep => source == keep || source.StartsWith(keep + "/")));
    }

    [Fact]
    public void The_image_has_no_sdk_and_its_user_no_rights()
    {
        Assert.DoesNotContain("sdk", LastStage.First());
        Assert.Contains("USER $APP_UID", LastStage);
    }

    [Fact]
    public void Builds_for_cuda_and_does_the_trainers_work()
    {
        Assert.Contains("ARG TorchBackend=cuda", Lines);
        Assert.Equal(["ENTRYPOINT [\"dotnet\", \"Distil.Trainer.dll\"]", "CMD [\"work\"]"], LastStage.TakeLast(2));
    }

    [Theory]
    [InlineData("Dockerfile")]
    [InlineData("distil.Dockerfile")]
    public void Each_image_starts_from_Microsofts_images_of_the_version_that_the_projects_target(string file)
    {
        var target = XDocument.Load(Path.Combine(Root, "Directory.Build.props")).Descendants("TargetFramework").Single().Value["net".Length..];
        var bases = File.ReadAllLines(Path.Combine(Root, "infra/container", file)).Where(line => line.StartsWith("FROM ")).ToList();
        Assert.NotEmpty(bases);
        Assert.All(bases, line => Assert.Matches($"^FROM mcr[.]microsoft[.]com/dotnet/(sdk|runtime|runtime-deps):{Regex.Escape(target)}-noble( AS [a-z]+)?$", line));
    }

    [Fact]
    public void The_commands_image_is_the_archive_of_pack_and_serves_as_a_user_without_rights()
    {
        var lines = File.ReadAllLines(Path.Combine(Root, "infra/container/distil.Dockerfile"));
        var packing = File.ReadAllText(Path.Combine(Root, "src/Distil.Cli/Bundling/Installation.cs"));

        // The archive's name, its folder and the program in it are those that pack writes.
        Assert.Contains("ADD distil-*-linux-x64.tar.gz /opt/", lines);
        Assert.Contains("$\"distil-{ProgramVersion.Current}-{RuntimeInformation.RuntimeIdentifier}.tar.gz\"", packing);
        Assert.Contains("Path.Combine(_work, \"distil\")", packing);
        Assert.Contains("Folders.WriteResource(\"distil.sh\", Path.Combine(Content, \"distil\"), executable: true)", packing);
        Assert.Equal("USER $APP_UID", lines[^3]);
        Assert.Equal("ENTRYPOINT [\"/opt/distil/distil\"]", lines[^2]);
        Assert.Equal("CMD [\"serve\", \"--urls\", \"http://0.0.0.0:7080\"]", lines[^1]);

        // What it writes is on the volume, which its user owns.
        Assert.Contains("ENV DISTIL_HOME=/data", lines);
        Assert.Contains("VOLUME /data", lines);
        Assert.Contains("RUN mkdir /data && chown $APP_UID /data", lines);
    }

    [Fact]
    public void The_documentation_builds_and_runs_both_images()
    {
        var text = File.ReadAllText(Path.Combine(Root, "docs/platforms.md"));
        Assert.All(Directory.GetFiles(Path.Combine(Root, "infra/container")), file => Assert.Contains($"docker build -f infra/container/{Path.GetFileName(file)} ", text));
    }
}
