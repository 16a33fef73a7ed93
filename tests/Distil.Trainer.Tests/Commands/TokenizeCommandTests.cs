using System.Text.Json.Nodes;
using Distil.Core.Errors;
using Distil.Trainer.Commands;

namespace Distil.Trainer.Tests.Commands;

public sealed class TokenizeCommandTests : IDisposable
{
    private static readonly string Golden = Path.Combine(AppContext.BaseDirectory, "Golden", "tokenizer-tiny");

    private readonly string _folder = Directory.CreateTempSubdirectory("distil-tokenize-").FullName;

    private string Input => Path.Combine(_folder, "in.jsonl");

    private string Output => Path.Combine(_folder, "out.jsonl");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Gives_the_golden_ids_and_text_a_line_for_a_line()
    {
        var cases = JsonNode.Parse(File.ReadAllText(Path.Combine(Golden, "encodings.json")))!.AsArray();
        File.WriteAllLines(Input, cases.Select(item => new JsonObject { ["text"] = (string)item!["text"]! }.ToJsonString()));
        Assert.Equal(0, TokenizeCommand.Create().Parse(["--tokenizer", Golden, "--input", Input, "--output", Output]).Invoke());
        var lines = File.ReadAllLines(Output).Select(line => JsonNode.Parse(line)!).ToList();
        Assert.Equal(cases.Count, lines.Count);
        Assert.All(cases.Zip(lines), pair =>
        {
            Assert.Equal(pair.First!["ids"]!.ToJsonString(), pair.Second["ids"]!.ToJsonString());
            Assert.Equal((string?)pair.First["decoded"], (string?)pair.Second["decoded"]);
        });
    }

    [Fact]
    public void A_bad_line_or_file_is_one_error_and_leaves_nothing()
    {
        Assert.Contains("in.jsonl", Assert.Throws<InvalidInputException>(() => TokenizeCommand.Run(Golden, Input, Output)).Message, StringComparison.Ordinal);
        File.WriteAllText(Input, "{\"text\": \"a\"}\nnot json\n");
        Assert.Contains("in.jsonl:2", Assert.Throws<InvalidInputException>(() => TokenizeCommand.Run(Golden, Input, Output)).Message, StringComparison.Ordinal);
        Assert.Equal([Input], Directory.GetFiles(_folder));
    }
}
