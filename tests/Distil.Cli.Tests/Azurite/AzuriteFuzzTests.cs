using System.Text;
using System.Text.Json;
using CsCheck;
using Distil.Cli.Azurite;
using Distil.Core.Artifacts;
using Distil.Core.Errors;
using Distil.Fuzzing;

namespace Distil.Cli.Tests.Azurite;

/// <summary>Damaged files of the local storage.</summary>
public sealed class AzuriteFuzzTests : IDisposable
{
    private const string Index = """
        {
          "filename": "__azurite_db_blob__.json",
          "collections": [
            {"name": "$SERVICES_COLLECTION$", "data": [], "idIndex": null, "binaryIndices": {}, "uniqueNames": ["accountName"], "transforms": {}},
            {"name": "$CONTAINERS_COLLECTION$", "data": [{"accountName": "distil", "name": "distil", "properties": {"etag": "\"0x1\""}, "$loki": 1}]},
            {"name": "$BLOBS_COLLECTION$", "data": [{"name": "a", "properties": {"contentLength": 3}, "persistency": {"id": "b", "count": 3}, "$loki": 1}]}
          ],
          "databaseVersion": 1.5, "engineVersion": 1.5, "autosave": true, "ENV": "NODEJS"
        }
        """;

    private readonly TemporaryWorkspace _temporary = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Storage => _temporary.Workspace.Storage;

    public void Dispose() => _temporary.Dispose();

    [Theory]
    [InlineData("__azurite_db_blob__.json")]
    [InlineData("__azurite_db_blob_extent__.json")]
    public Task An_index_is_used_only_if_it_names_something(string name)
    {
        Directory.CreateDirectory(Path.Combine(Storage, "__blobstorage__"));
        File.WriteAllText(Path.Combine(Storage, "__blobstorage__", "bytes"), "abc");
        File.WriteAllText(Path.Combine(Storage, "__azurite_db_blob__.json"), Index);
        File.WriteAllText(Path.Combine(Storage, "__azurite_db_blob_extent__.json"), Index);
        var index = new AzuriteIndex(_temporary.Workspace);
        index.Require();
        return Hostile.EndsInAsync<InvalidInputException>(Changed(Index), bytes =>
        {
            File.WriteAllBytes(Path.Combine(Storage, name), bytes);
            index.Require();
            var read = JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(bytes)!; // of a name that is there twice, the last, as in Node
            Assert.Contains(read["collections"].EnumerateArray(), collection => collection.GetProperty("data").EnumerateArray().Any());
        }, iterations: 500);
    }

    [Fact]
    public Task A_recorded_server_is_one_that_clients_can_reach_or_none()
    {
        var valid = $$"""{"processId": 1234, "port": 10000, "key": "{{AzuriteProcess.NewKey()}}"}""";
        var files = new AzuriteFiles(_temporary.Workspace);
        return Hostile.EndsInAsync<InvalidInputException>(Changed(valid), bytes =>
        {
            File.WriteAllBytes(Path.Combine(_temporary.Workspace.Home, "azurite.json"), bytes);
            if (files.ReadAsync(Cancel).GetAwaiter().GetResult() is { } server)
            {
                Assert.InRange(server.Port, 1, 65_535);
                Assert.Equal(server.Port, ArtifactStore.OpenFor(new Uri("http://127.0.0.1/distil/distil/a"), server.ConnectionString).Store.UriOf("a").Port);
            }
        });
    }

    private static Gen<byte[]> Changed(string valid) =>
        Gen.OneOf(Mutations.OfJson(valid).Select(Encoding.UTF8.GetBytes), Mutations.Of(Encoding.UTF8.GetBytes(valid)), Mutations.Arbitrary);
}
