using System.Text;
using CsCheck;
using Distil.Core.Errors;
using Distil.Core.Http;
using Distil.Fuzzing;

namespace Distil.Core.Tests.Hub;

/// <summary>Answers of a server that is no hub, or whose answers anything happened to.</summary>
public sealed class HubAnswersFuzzTests : HubFixture
{
    private const string Commit = """{"id": "o/n", "sha": "0123456789012345678901234567890123456789", "siblings": [{"rfilename": "a"}]}""";

    private const string Tree = """
        [{"type": "directory", "oid": "0", "size": 0, "path": "data"}, {"type": "file", "oid": "1", "size": 3, "path": "data/a.txt"},
         {"type": "file", "oid": "2", "size": 9, "lfs": {"oid": "abc", "size": 9, "pointerSize": 134}, "path": "b.bin"}]
        """;

    [Theory]
    [InlineData("../../x")]
    [InlineData("a/../../x")]
    [InlineData("/etc/passwd")]
    [InlineData("")]
    [InlineData("a\\u0000")]
    public async Task A_file_that_would_lie_outside_the_cache_is_refused(string path)
    {
        Hub.Answer = (Encoding.UTF8.GetBytes($$"""[{"type": "file", "oid": "1", "size": 3, "path": "{{path}}"}]"""), null);
        var pinned = Dataset($"hf://o/n@{new string('a', 40)}");
        Assert.Contains("does not answer as a Hugging Face hub", (await Assert.ThrowsAsync<RemoteException>(() => Client().ListAsync(pinned, Cancel))).Message);
    }

    [Fact]
    public async Task A_commit_that_is_none_is_refused()
    {
        Hub.Answer = ("""{"sha": "../../../elsewhere"}"""u8.ToArray(), null);
        Assert.Contains("does not answer as a Hugging Face hub", (await Assert.ThrowsAsync<RemoteException>(() => Client().PinAsync(Dataset("hf://o/n"), Cancel))).Message);
    }

    [Fact]
    public async Task Pages_that_never_end_are_refused()
    {
        Hub.Answer = (Encoding.UTF8.GetBytes(Tree), "</api/datasets/o/n/tree/again>; rel=\"next\"");
        var pinned = Dataset($"hf://o/n@{new string('a', 40)}");
        Assert.Contains("does not answer as a Hugging Face hub", (await Assert.ThrowsAsync<RemoteException>(() => Client().ListAsync(pinned, Cancel))).Message);
    }

    [Theory]
    [InlineData(Commit)]
    [InlineData(Tree)]
    public Task Any_answer_is_read_or_refused(string valid)
    {
        var client = Client();
        return Hostile.EndsInAsync<RemoteException>(
            Gen.OneOf(Mutations.OfJson(valid).Select(Encoding.UTF8.GetBytes), Mutations.Of(Encoding.UTF8.GetBytes(valid)), Mutations.Arbitrary), bytes =>
            {
                Hub.Answer = (bytes, null);
                try
                {
                    var pinned = valid == Commit ? client.PinAsync(Dataset("hf://o/n"), Cancel).GetAwaiter().GetResult() : Dataset($"hf://o/n@{new string('a', 40)}");
                    Assert.True(pinned.IsPinned);
                    Assert.All(client.ListAsync(pinned, Cancel).GetAwaiter().GetResult(), file => Assert.InRange(file.Bytes, 0, long.MaxValue));
                }
                catch (InvalidInputException wrong)
                {
                    Assert.NotEmpty(wrong.Message);
                }
            }, iterations: 200);
    }
}
