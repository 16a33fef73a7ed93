using Distil.Core.Artifacts;
using Distil.Core.Sources;
using Distil.Core.Specification;
using Distil.Trainer.Datasets;
using Distil.Trainer.Datasets.Sources;

namespace Distil.Trainer.Tests.Datasets;

public sealed class DocumentsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("distil-documents-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Halves_of_surrogate_pairs_and_Pythons_numbers_do_not_end_a_run()
    {
        var documents = Read("a.jsonl", """
            {"text": "abc", "score": NaN}
            {"text": "cut emoji \ud83d end"}
            {"text": "abc", "other": "\udc00", "more": -Infinity}
            {"text": NaN}
            {"text": "whole emoji \ud83d\ude00"}
            """);
        Assert.Equal(["abc", null, "abc", null, "whole emoji 😀"], documents.Select(document => document.Text));
        var counts = documents.Aggregate(new DocumentCounts(), (counts, document) => document.CountFault(counts));
        Assert.Equal((1, 1), (counts.NotUtf8, counts.WithoutText));
        Assert.Equal($"{At("a.jsonl")}:2: has half of a surrogate pair (\\ud800 to \\udfff alone), which is no character", counts.FirstFault);
    }

    [Fact]
    public void Text_wins_over_ids_beside_it_whatever_they_hold()
    {
        var lines = ((string[])["[12, 7]", "[]", "[\"doc-1\"]", "3"]).Select(ids => $"{{\"ids\": {ids}, \"text\": \"abc\"}}\n");
        Assert.All(Read("a.jsonl", string.Concat(lines)), document => Assert.Equal(("abc", null), (document.Text, document.Ids)));
    }

    [Theory]
    [InlineData("\n\n", "one\ntwo\n\nthree\r\n\r\n\n\nfour\n", "one\ntwo|three||four\n")]
    [InlineData("", "one\n\ntwo\n", "one\n\ntwo\n")]
    [InlineData("<end>", "one\n<end>two<end><end>three", "one\n|two||three")]
    public void A_documents_separator_may_be_blank_lines_a_text_or_the_end_of_the_file(string separator, string text, string documents) =>
        Assert.Equal(documents.Split('|'), Read("a.txt", text, separator).Select(document => document.Text));

    [Fact]
    public void A_separator_is_found_wherever_the_reader_stops_between_two_reads()
    {
        var documents = Enumerable.Range(0, 9000).Select(i => new string('x', 60 + (i % 90)) + i).ToList();
        foreach (var separator in new[] { "\n\n", "\r\n\r\n", "<|end|>" })
        {
            var text = string.Join(separator, documents);
            Assert.Equal(documents, Read("a.txt", text, separator[0] == '<' ? separator : "\n\n").Select(document => document.Text));
        }
    }

    private List<Document> Read(string name, string text, string separator = "\n")
    {
        File.WriteAllText(At(name), text);
        var format = name.EndsWith(".jsonl", StringComparison.Ordinal) ? DatasetFormat.Jsonl : DatasetFormat.Text;
        return [.. new Documents(format, "text", 1024, separator: new Separator(separator)).Read(new SourceRange(At(name), 0, new FileInfo(At(name)).Length))];
    }

    private string At(string name) => Path.Combine(_folder, name);
}
