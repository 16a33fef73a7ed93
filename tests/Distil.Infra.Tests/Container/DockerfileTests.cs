using Distil.Infra.Tests.Bicep;

namespace Distil.Infra.Tests.Container;

/// <summary>Checks of the image that need no container engine.</summary>
public sealed class DockerfileTests
{
    private static readonly string Root = Path.GetFullPath(Path.Combine(BicepCompiler.Sources, "../.."));
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
}
