using Distil.Core.Errors;
using Distil.Core.Http;

namespace Distil.Core.Sources;

/// <summary>The files of a Hugging Face folder from which a model is read, at any location. To find them, only the list of weights is fetched from a remote
/// folder.</summary>
public sealed class ModelFiles
{
    private const string ConfigName = "config.json";
    private const string TokenizerName = "tokenizer.json";
    private const string TokenizerConfigName = "tokenizer_config.json";
    private const string WeightsName = "model.safetensors";
    internal const string IndexName = "model.safetensors.index.json";

    /// <summary>Files that a model does not need but that are included if they exist.</summary>
    private static readonly string[] Optional = [TokenizerName, TokenizerConfigName, "special_tokens_map.json", "generation_config.json", IndexName];

    private ModelFiles(ModelLocation location, SourceFile config, IReadOnlyList<SourceFile> weights) =>
        (Location, Config, Weights) = (location, config, weights);

    /// <value>Every file that a model's folder may have, except shards of weights.</value>
    internal static IEnumerable<string> Names => [ConfigName, WeightsName, .. Optional];

    /// <value>Its location, in this version.</value>
    public ModelLocation Location { get; }

    /// <value><c>config.json</c>.</value>
    public SourceFile Config { get; }

    /// <value><c>tokenizer.json</c>; null if the folder has none.</value>
    public SourceFile? Tokenizer { get; private init; }

    /// <value><c>tokenizer_config.json</c>; null if the folder has none.</value>
    public SourceFile? TokenizerConfig { get; private init; }

    /// <value>The weights: one file, or the shards that the index names, sorted by name.</value>
    public IReadOnlyList<SourceFile> Weights { get; }

    /// <summary>Finds a model's files.</summary>
    /// <param name="catalog">Finds the files.</param>
    /// <param name="path">A folder: local, <c>hf://owner/name[@revision][/folder]</c> or <c>https://…</c>.</param>
    /// <param name="field">The specification's field or the command's option, for messages.</param>
    /// <param name="cancel">Cancels the call.</param>
    /// <exception cref="InvalidInputException">There is no such folder, or it has no configuration or no weights.</exception>
    /// <exception cref="RemoteException">A server cannot be reached.</exception>
    public static async Task<ModelFiles> FindAsync(SourceCatalog catalog, string path, FieldPath field, CancellationToken cancel = default)
    {
        var (folder, files) = await catalog.ListModelAsync(path, field, cancel);
        var byName = files.ToDictionary(NameOf, StringComparer.Ordinal);
        var config = Need(ConfigName, "a Hugging Face folder");
        SourceFile[] weights = byName.TryGetValue(IndexName, out var index)
            ? [.. (await ShardsAsync(index)).Select(name => Need(name, $"each file that {IndexName} names"))]
            : byName.TryGetValue(WeightsName, out var single) ? [single]
            : throw new InvalidInputException(field, $"{folder} has no *.safetensors; expected {WeightsName}, or shards with their index");
        SourceFile[] taken = SourceCatalog.IsRemote(path) ? [config, .. Optional.Where(byName.ContainsKey).Select(name => byName[name]), .. weights] : [];
        return new ModelFiles(new ModelLocation { Folder = folder, Files = taken }, config, weights)
        {
            Tokenizer = byName.GetValueOrDefault(TokenizerName),
            TokenizerConfig = byName.GetValueOrDefault(TokenizerConfigName),
        };

        SourceFile Need(string name, string expected) =>
            byName.GetValueOrDefault(name) ?? throw new InvalidInputException(field, $"{folder} has no {name}; expected {expected}");

        async Task<IReadOnlyList<string>> ShardsAsync(SourceFile list) => ShardsOf(await catalog.FetchAsync(list, "", cancel: cancel));
    }

    /// <summary>The weight files that an index names.</summary>
    internal static IReadOnlyList<string> ShardsOf(string index) => JsonFile.Read<IReadOnlyList<string>>(index, document =>
        document.TryGetProperty("weight_map", out var map) && map.ValueKind == System.Text.Json.JsonValueKind.Object
            ? [.. map.EnumerateObject().Select(entry => entry.Value.ToString()).Distinct().Order(StringComparer.Ordinal)]
            : throw new InvalidInputException($"{index}: has no weight_map; expected the list of a model's tensors"));

    private static string NameOf(SourceFile file) =>
        WebUrl.WithoutQuery(file.Path)[(WebUrl.WithoutQuery(file.Path).LastIndexOfAny(['/', Path.DirectorySeparatorChar]) + 1)..];
}
