using Distil.Core.Errors;
using Distil.Core.Settings;
using Distil.Core.Sources;
using Distil.Core.Specification;
using Distil.Core.Tokenization;
using Distil.Trainer.Commands;

namespace Distil.Trainer.Tests.Commands;

public sealed class TrainTokenizerCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("distil-train-tokenizer-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Learns_from_several_files_and_writes_a_folder_that_loads()
    {
        File.WriteAllText(At("a.txt"), "the fox and the river\nthe fox\n");
        File.WriteAllText(At("b.txt"), "and the stone\n");
        var output = At("tokenizer");
        Assert.Equal(0, TrainTokenizerCommand.Create(SourceCatalog.Create(new SourceSettings(), TimeProvider.System))
            .Parse(["--input", At("a.txt"), At("b.txt"), "--vocab", "260", "--output", output]).Invoke());
        Assert.Equal(260, HuggingFaceTokenizer.Load(output).VocabularySize);
        Assert.True(File.Exists(Path.Combine(output, "tokenizer_config.json")));
    }

    [Fact]
    public async Task Documents_of_ids_are_an_error()
    {
        File.WriteAllText(At("a.jsonl"), "{\"ids\": [1]}\n");
        var error = await Assert.ThrowsAsync<InvalidInputException>(() =>
            TrainTokenizerCommand.RunAsync([At("a.jsonl")], DatasetFormat.Jsonl, "text", 300, At("out"),
                SourceCatalog.Create(new SourceSettings(), TimeProvider.System), TestContext.Current.CancellationToken));
        Assert.Contains("expected text", error.Message, StringComparison.Ordinal);
    }

    private string At(string name) => Path.Combine(_folder, name);
}
