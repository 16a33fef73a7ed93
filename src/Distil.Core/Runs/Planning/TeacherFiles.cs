using System.Text.Json;
using Distil.Core.Errors;
using Distil.Core.Sources;
using Distil.Core.Sources.Remote;

namespace Distil.Core.Runs.Planning;

/// <summary>A teacher, read as far as a plan needs it: its shape, and what stands for its content. Weights are not read where their checksums are known.</summary>
internal sealed class TeacherFiles
{
    private const string Config = "config.json";
    private const string Tokenizer = "tokenizer.json";
    private const string Weights = "model.safetensors";
    internal const string Index = "model.safetensors.index.json";

    /// <summary>Files that a model can do without, and that are taken along where they are.</summary>
    private static readonly string[] Optional = ["tokenizer_config.json", "special_tokens_map.json", "generation_config.json"];

    /// <value>Every file that a model's folder may have, shards of weights apart.</value>
    internal static IEnumerable<string> Names => [Config, Tokenizer, Index, Weights, .. Optional];

    private TeacherFiles(TeacherLocation location, TeacherShape shape, string tokenizer, IReadOnlyList<string> model) =>
        (Location, Shape, TokenizerContent, ModelContent) = (location, shape, tokenizer, model);

    /// <value>Where jobs find it.</value>
    public TeacherLocation Location { get; }

    /// <value>Its shape.</value>
    public TeacherShape Shape { get; }

    /// <value>What stands for tokenizer.json.</value>
    public string TokenizerContent { get; }

    /// <value>What stands for config.json and each file of weights.</value>
    public IReadOnlyList<string> ModelContent { get; }

    /// <summary>Finds a teacher.</summary>
    /// <exception cref="InvalidInputException">Something is missing or does not fit.</exception>
    /// <exception cref="RemoteException">A server cannot be reached.</exception>
    public static async Task<TeacherFiles> FindAsync(SourceCatalog catalog, string path, CancellationToken cancel)
    {
        var (folder, files) = await catalog.ListModelAsync(path, "teacher.path", cancel);
        var byName = files.ToDictionary(NameOf, StringComparer.Ordinal);
        var (config, tokenizer) = (Need(Config, "a Hugging Face folder"), Need(Tokenizer, "a Hugging Face folder"));
        var weights = await WeightsAsync();
        var (configHere, tokenizerHere) = (await catalog.FetchAsync(config, "", cancel: cancel), await catalog.FetchAsync(tokenizer, "", cancel: cancel));
        var shape = TeacherConfig.Read(configHere, config.Path);
        TokenizerSize.RequireAtMost(tokenizerHere, shape.VocabularySize);

        var isHere = !SourceCatalog.IsRemote(path);
        var taken = new[] { config, tokenizer }.Concat(Optional.Append(Index).Where(byName.ContainsKey).Select(name => byName[name])).Concat(weights);
        var location = new TeacherLocation { Folder = folder, Files = isHere ? [] : [.. taken] };
        var contents = weights.AsParallel().AsOrdered().Select(file => file.Identity ?? LocalSources.Fingerprint(file.Path));
        return new TeacherFiles(location, shape, LocalSources.Fingerprint(tokenizerHere), [LocalSources.Fingerprint(configHere), .. contents]);

        static string NameOf(SourceFile file) => WebFiles.Shown(file.Path)[(WebFiles.Shown(file.Path).LastIndexOfAny(['/', Path.DirectorySeparatorChar]) + 1)..];

        SourceFile Need(string name, string expected) =>
            byName.GetValueOrDefault(name) ?? throw new InvalidInputException($"teacher.path: {folder} has no {name}; expected {expected}");

        async Task<IReadOnlyList<SourceFile>> WeightsAsync() =>
            byName.TryGetValue(Index, out var index) ? [.. ShardsOf(await catalog.FetchAsync(index, "", cancel: cancel)).Select(name => Need(name, $"each file that {Index} names"))]
            : byName.TryGetValue(Weights, out var single) ? [single]
            : throw new InvalidInputException($"teacher.path: {folder} has no *.safetensors; expected {Weights}, or shards with their index");
    }

    /// <summary>The files of weights that an index names.</summary>
    internal static IReadOnlyList<string> ShardsOf(string index) => JsonFile.Read<IReadOnlyList<string>>(index, document =>
        document.TryGetProperty("weight_map", out var map) && map.ValueKind == JsonValueKind.Object
            ? [.. map.EnumerateObject().Select(entry => entry.Value.ToString()).Distinct().Order(StringComparer.Ordinal)]
            : throw new InvalidInputException($"{index}: has no weight_map; expected the list of a model's tensors"));
}
