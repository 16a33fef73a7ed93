using System.Text;
using System.Text.RegularExpressions;
using CsCheck;
using Distil.Core.Errors;
using Distil.Core.Http;
using Distil.Core.Hub;
using Distil.Core.Sources;
using Distil.Core.Specification;
using Distil.Fuzzing;

namespace Distil.Core.Tests.Sources;

/// <summary>Names of sources, whatever somebody typed.</summary>
public sealed class SourceNameFuzzTests
{
    private static readonly string[] Parts =
        ["hf://", "https://", "datasets/", "models/", "o", "/", "n", "@", "main", "%2F", "%", "*", "**", "?", "..", ".txt", ".gz", " ", "#", ":", "\\", "\ud800", "é", "sig=x", "&"];

    private static readonly Gen<string> Names = Gen.OneOf(
        Gen.Int[0, Parts.Length - 1].Array[0, 12].Select(parts => string.Concat(parts.Select(part => Parts[part]))), Gen.String);

    private static readonly Gen<string> Wild = Gen.Char["ab/*?"].Array[0, 14].Select(characters => new string(characters));

    [Theory]
    [InlineData(HubKind.Model)]
    [InlineData(HubKind.Dataset)]
    public Task Hub_paths_are_read_and_written_alike(HubKind kind) => Hostile.EndsInAsync<InvalidInputException>(Names, bytes =>
    {
        var text = Encoding.UTF8.GetString(bytes);
        if (HubPath.Is(text))
        {
            var path = HubPath.Parse(text, kind, SpecPaths.Sources);
            Assert.Equal(path, HubPath.Parse(path.ToString(), kind, SpecPaths.Sources));
        }
    });

    [Fact]
    public Task Sources_have_one_format_or_none() => Hostile.EndsInAsync<InvalidInputException>(Names, bytes =>
    {
        var name = Encoding.UTF8.GetString(bytes);
        SourceName.RequireRead(name, SpecPaths.Sources);
        foreach (var format in Enum.GetValues<DatasetFormat>().Where(format => SourceName.IsOf(name, format)))
        {
            Assert.Equal(format, SourceName.FormatOf(name));
            SourceName.RequireFits(name, format, SpecPaths.Sources);
        }
    });

    [Fact]
    public Task Signatures_are_never_in_a_message() => Hostile.EndsInAsync<InvalidInputException>(Names, bytes =>
    {
        try
        {
            SignedUrls.Parse(Encoding.UTF8.GetString(bytes)).QueryFor(new Uri("https://o/n"));
        }
        catch (InvalidInputException wrong)
        {
            Assert.DoesNotContain("sig=x", wrong.Message, StringComparison.Ordinal);
            throw;
        }
    });

    [Fact]
    public Task A_pattern_matches_what_the_equal_regular_expression_matches() => Hostile.EndsInAsync<InvalidInputException>(
        Gen.Select(Wild, Wild.Where(path => path.Length > 0 && path.Split('/').All(segment => segment.Length > 0))).Select((pattern, path) => $"/{pattern}|/{path.Replace('*', 'a').Replace('?', 'b')}"), bytes =>
        {
            string[] both = Encoding.UTF8.GetString(bytes).Split('|');
            var glob = new GlobPattern(both[0]);
            Assert.Equal(
                GlobPattern.IsWild(both[0]) && Equal(both[0][glob.Root.Length..]).IsMatch(both[1]), GlobPattern.IsWild(both[0]) && glob.Matches(both[1][1..]));
        });

    /// <summary>Segment by segment: <c>**</c> alone is any number of segments (at the end at least one), <c>*</c> any characters of one, <c>?</c> one.</summary>
    private static Regex Equal(string pattern)
    {
        string[] segments = pattern[1..].Split('/');
        var expression = segments.Select((segment, i) => segment == "**"
            ? $"(/[^/]*){(i == segments.Length - 1 ? '+' : '*')}"
            : "/" + Regex.Escape(segment).Replace(@"\*", "[^/]*", StringComparison.Ordinal).Replace(@"\?", "[^/]", StringComparison.Ordinal));
        return new Regex($@"\A{string.Concat(expression)}\z", RegexOptions.NonBacktracking);
    }
}
