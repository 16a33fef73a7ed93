using Distil.Core.Errors;
using Distil.Core.Hub;
using Distil.Core.Specification;

namespace Distil.Core.Tests.Hub;

public sealed class HubPathTests
{
    [Theory]
    [InlineData("hf://a/b", "hf://datasets/a/b@main")]
    [InlineData("hf://datasets/a/b@v1/data/*.parquet", "hf://datasets/a/b@v1/data/*.parquet")]
    [InlineData("hf://models/a/b.c-d_e@0123456789abcdef0123456789abcdef01234567/x", "hf://models/a/b.c-d_e@0123456789abcdef0123456789abcdef01234567/x")]
    [InlineData("hf://datasets/a/b@refs/convert/parquet/default/train/0000.parquet", "hf://datasets/a/b@refs/convert/parquet/default/train/0000.parquet")]
    [InlineData("hf://datasets/a/b@refs/pr/12", "hf://datasets/a/b@refs/pr/12")]
    [InlineData("hf://datasets/a/b@feature%2Fx/data/", "hf://datasets/a/b@feature%2Fx/data")]
    public void Is_read_and_written_as_huggingface_hub_does(string text, string expected)
    {
        var path = HubPath.Parse(text, HubKind.Dataset, SpecPaths.Sources);
        Assert.Equal(expected, path.ToString());
        Assert.Equal(path, HubPath.Parse(expected, HubKind.Model, SpecPaths.Sources));
    }

    [Fact]
    public void Its_parts_are_told_apart()
    {
        var path = HubPath.Parse("hf://o/n@feature%2Fx/a/b@c.txt", HubKind.Model, SpecPaths.Sources);
        Assert.Equal(new HubPath(HubKind.Model, "o", "n", "feature/x", "a/b@c.txt"), path);
        Assert.False(path.IsPinned);
        Assert.True((path with { Revision = new string('a', 40) }).IsPinned);
    }

    [Theory]
    [InlineData("hf://")]
    [InlineData("hf://gpt2")]
    [InlineData("hf://a/b@")]
    [InlineData("hf://a/b/../c")]
    [InlineData("hf://a/b//c")]
    [InlineData("hf://a/b@..%2F../c")]
    [InlineData("hf://a b/c")]
    [InlineData("hf://../b")]
    [InlineData("hf://../b/c")]
    [InlineData("hf://a/..")]
    [InlineData("hf://models/./b")]
    public void What_is_no_path_is_refused_with_what_was_expected(string text)
    {
        var error = Assert.Throws<InvalidInputException>(() => HubPath.Parse(text, HubKind.Model, SpecPaths.Teacher));
        Assert.StartsWith($"teacher.path: {text} ", error.Message, StringComparison.Ordinal);
        Assert.EndsWith("expected hf://[models/|datasets/]owner/name[@revision][/path]", error.Message, StringComparison.Ordinal);
    }
}
