using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Kinds;

namespace Distil.Core.Tests.Artifacts.Kinds;

public sealed class DatasetTests : IDisposable
{
    private readonly InMemoryBlobService _service = new();
    private readonly ArtifactStore _store;

    public DatasetTests() => _store = _service.OpenStore();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _service.Dispose();

    [Theory]
    [InlineData(0, 1, 0, "dataset.sources: no row to train on; expected more text, or a smaller dataset.contextLength or dataset.evalFraction")]
    [InlineData(0, 1, 1, "dataset.sources: no row to train on; of 3 documents 1 empty; expected text in dataset.textField")]
    [InlineData(1, 0, 1, "dataset: no row held out for evaluation; expected more documents, dataset.evalSources or a larger dataset.evalFraction")]
    public async Task One_without_rows_to_train_on_or_to_evaluate_is_not_closed(int train, int eval, int empty, string fault)
    {
        var dataset = new Dataset("d", Shards: 1);
        await WriteAsync(dataset, 0, train == 0 ? null : Rows("aa"), eval == 0 ? null : Rows("bb"), empty);
        Assert.Equal(new CloseOutput(fault), await dataset.CloseAsync(_store, Cancel));
        Assert.False(await _store.ExistsAsync(dataset.Closing, Cancel));
        Assert.Null(await dataset.FindFilesAsync(_store, Cancel));
    }

    [Fact]
    public async Task Its_manifest_sums_rows_tokens_and_documents_and_lists_the_files()
    {
        var dataset = new Dataset("d", Shards: 3);
        await WriteAsync(dataset, 0, Rows("aa"), eval: null);
        await WriteAsync(dataset, 1, Rows("bb") with { Rows = 10 }, Rows("cc") with { Tokens = 30 }, empty: 3);
        await WriteAsync(dataset, 2, train: null, Rows("dd") with { Rows = 100 });
        Assert.Equal(new CloseOutput(), await dataset.CloseAsync(_store, Cancel));

        var manifest = await _store.ReadJsonAsync<DatasetManifest>(dataset.Closing, Cancel);

        Assert.Equal(("d", 11, 4, 101, 32), (manifest.DatasetId, manifest.TrainRows, manifest.TrainTokens, manifest.EvalRows, manifest.EvalTokens));
        Assert.Equal(new DocumentCounts { Trained = 3, HeldOut = 3, Empty = 3 }, manifest.Counts);
        Assert.Equal(["aa", "bb", "cc", "dd"], (await dataset.FindFilesAsync(_store, Cancel))!.Select(file => file.Sha256));
    }

    [Fact]
    public async Task A_shard_that_had_no_rows_and_now_has_some_is_named_by_its_document()
    {
        var dataset = new Dataset("d", Shards: 2);
        await WriteAsync(dataset, 0, train: null, eval: null);
        await WriteAsync(dataset, 1, Rows("aa"), Rows("bb"));
        Assert.Equal(new CloseOutput(), await dataset.CloseAsync(_store, Cancel));
        await WriteAsync(dataset, 0, Rows("cc"), eval: null);
        Assert.StartsWith(
            "datasets/d/shard-00000.json: what was made in its place differs", (await dataset.CloseAsync(_store, Cancel)).Fault, StringComparison.Ordinal);
    }

    private static TokenFile Rows(string checksum) => new(new ArtifactFile("x", 8, checksum), Rows: 1, Tokens: 2);

    private Task WriteAsync(Dataset dataset, int shard, TokenFile? train, TokenFile? eval, int empty = 0)
    {
        var document = new DatasetShard
        {
            Index = shard,
            Train = train,
            Eval = eval,
            Documents = 2,
            Counts = new DocumentCounts { Trained = 1, HeldOut = 1, Empty = empty },
            SourceBytes = 1,
        };
        return _store.WriteJsonAsync(dataset.PartAt(shard).Closing, document, Cancel);
    }
}
