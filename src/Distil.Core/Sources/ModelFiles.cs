using Distil.Core.Errors;
using Distil.Core.Http;
using Distil.Core.Safetensors;

namespace Distil.Core.Sources;

/// <summary>The files of a Hugging Face folder from which a model is read, at any location. To find them, only the list of weights is fetched from a remote
/// folder.</summary>
public sealed class ModelFiles
{
    private const string ConfigName = "config.json";
    private const string TokenizerName = "tokenizer.json";
    private const string TokenizerConfigName = "tokenizer_config.json";
    private const string ChatTemplateName = "chat_template.jinja";

    /// <value>The files by whose presence alone a folder is read differently.</value>
    internal static IReadOnlyList<string> Determining { get; } = [ConfigName, TokenizerName, TokenizerConfigName, ChatTemplateName, WeightIndex.SingleName, WeightIndex.Name];

    private ModelFiles(ModelLocation location, SourceFile config, IReadOnlyList<SourceFile> weights, WeightIndex? index) =>
        (Location, Config, Weights, Index) = (location, config, weights, index);

    /// <value>Files that a model does not need, but that travel with it and with its student: tokenizer, chat template, tokens that end an answer, and the
    /// licence of the weights, of which a student inherits some.</value>
    public static IReadOnlyList<string> TextFiles { get; } =
    [
        TokenizerName, TokenizerConfigName, "special_tokens_map.json", ChatTemplateName, "generation_config.json",
        "LICENSE", "LICENSE.txt", "LICENSE.md", "NOTICE",
    ];

    /// <value>Every file that a model's folder may have, except shards of weights.</value>
    internal static IEnumerable<string> Names => [ConfigName, WeightIndex.SingleName, WeightIndex.Name, .. TextFiles];

    /// <value>Its location, in this version.</value>
    public ModelLocation Location { get; }

    /// <value><c>config.json</c>.</value>
    public SourceFile Config { get; }

    /// <value><c>tokenizer.json</c>; null if the folder has none.</value>
    public SourceFile? Tokenizer { get; private init; }

    /// <value><c>tokenizer_config.json</c>; null if the folder has none.</value>
    public SourceFile? TokenizerConfig { get; private init; }

    /// <value><c>chat_template.jinja</c>; null if the folder has none: then <c>tokenizer_config.json</c> may contain the template.</value>
    public SourceFile? ChatTemplate { get; private init; }

    /// <value>The weights: one file, or the shards that the index names, sorted by name.</value>
    public IReadOnlyList<SourceFile> Weights { get; }

    /// <value>The list of the shards; null if the weights are one file that no list names.</value>
    public WeightIndex? Index { get; }

    /// <value>Files of weights that are not read, in at most one sentence.</value>
    public IReadOnlyList<string> Warnings { get; private init; } = [];

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
        var list = byName.GetValueOrDefault(WeightIndex.Name);
        var index = list is null ? null : WeightIndex.Read(await catalog.FetchAsync(list, "", cancel: cancel), list.Path);
        var names = WeightIndex.FilesOf(byName.ContainsKey(WeightIndex.SingleName), index);
        if (names.Count == 0)
        {
            throw new InvalidInputException(field, $"{folder} has no *.safetensors; expected {WeightIndex.SingleName}, or shards with their index");
        }

        index = names.SequenceEqual(index?.Shards ?? []) ? index : null;
        SourceFile[] weights = [.. names.Select(name => Need(name, $"each file that {WeightIndex.Name} names"))];
        SourceFile[] optional = [.. TextFiles.Where(byName.ContainsKey).Select(name => byName[name]), .. index is null ? Array.Empty<SourceFile>() : [list!]];
        SourceFile[] taken = SourceCatalog.IsRemote(path) ? [config, .. optional, .. weights] : [];
        SourceFile[]? found = SourceCatalog.IsRemote(path) ? null : [.. files.Where(file => Determining.Contains(NameOf(file)) || weights.Contains(file))];
        return new ModelFiles(new ModelLocation { Folder = folder, Files = taken, Found = found }, config, weights, index)
        {
            Warnings = FolderFiles.Check(folder, byName.Keys, names),
            Tokenizer = byName.GetValueOrDefault(TokenizerName),
            TokenizerConfig = byName.GetValueOrDefault(TokenizerConfigName),
            ChatTemplate = byName.GetValueOrDefault(ChatTemplateName),
        };

        SourceFile Need(string name, string expected) =>
            byName.GetValueOrDefault(name) ?? throw new InvalidInputException(field, $"{folder} has no {name}; expected {expected}");
    }

    private static string NameOf(SourceFile file) =>
        WebUrl.WithoutQuery(file.Path)[(WebUrl.WithoutQuery(file.Path).LastIndexOfAny(['/', Path.DirectorySeparatorChar]) + 1)..];
}
