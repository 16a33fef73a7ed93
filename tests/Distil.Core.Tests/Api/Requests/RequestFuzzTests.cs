using System.Text;
using CsCheck;
using Distil.Core.Api;
using Distil.Core.Api.Requests;
using Distil.Core.Artifacts;
using Distil.Core.Errors;
using Distil.Core.Specification;
using Distil.Fuzzing;

namespace Distil.Core.Tests.Api.Requests;

/// <summary>What clients send beside bodies.</summary>
public sealed class RequestFuzzTests
{
    private static readonly string[] Parts = ["..", ".", "/", "//", "\\", "~", "a", "data", "\0", "%2e", " ", "*"];
    private static readonly Gen<string> Pieces = Gen.Int[0, 11].Array[0, 12].Select(parts => string.Concat(parts.Select(part => Parts[part])));

    [Fact]
    public Task Idempotency_keys() => Hostile.EndsInAsync<ApiProblemException>(Gen.String, bytes => IdempotencyKey.Parse(Encoding.UTF8.GetString(bytes)));

    [Fact]
    public Task Pages() => Hostile.EndsInAsync<ApiProblemException>(Gen.String, bytes => Paging.Parse(null, Encoding.UTF8.GetString(bytes)));

    [Fact]
    public void A_token_leads_where_it_was_made() =>
        Gen.String[Gen.Char['-', 'z'], 1, 100].Each(item => Assert.Equal(item, Paging.Parse("5", Paging.TokenAfter(item)).After));

    [Fact]
    public void A_name_that_passes_stays_in_its_runs_folder() => Gen.OneOf(Pieces, Gen.String).Each(name =>
    {
        if (RequestNames.IsArtifact(name))
        {
            Assert.StartsWith("/runs/r/", Path.GetFullPath("/" + ArtifactLayout.Run("r") + name), StringComparison.Ordinal);
        }

        if (RunId.IsOne(name))
        {
            Assert.Equal($"/runs/{name}", Path.GetFullPath("/" + ArtifactLayout.Run(name)).TrimEnd('/'));
        }
    });

    [Fact]
    public void A_path_that_passes_is_inside_an_allowed_folder() => Pieces.Each(path =>
    {
        var spec = new RunSpec
        {
            Name = "a",
            Teacher = new TeacherSpec { Path = "/data/teacher" },
            Dataset = new DatasetSpec { Sources = [Path.GetFullPath(Path.Combine("/data", path.Replace("\0", "", StringComparison.Ordinal)))] },
        };
        try
        {
            new PathRoots(["/data"]).Require(spec);
        }
        catch (InvalidInputException)
        {
            return;
        }

        Assert.Matches("^/data(/|$)", Path.GetFullPath(spec.Dataset.Sources[0]));
    });
}
