using Distil.Core.Errors;
using Distil.Core.Http;
using Distil.Core.Models;
using Distil.Core.Models.Folders;
using Distil.Core.Safetensors;
using Distil.Core.Sources;
using Distil.Core.Specification;
using Distil.Core.Tokenization;

namespace Distil.Core.Runs.Planning;

/// <summary>The part of a teacher that a plan needs: its shape and the identity of its content. It is read with the jobs' own readers, so that a plan refuses
/// what a job would; of the weights, only the headers.</summary>
internal sealed class TeacherFiles
{
    /// <summary>Headers of usual files are shorter, so one request is enough.</summary>
    private const int UsualHeader = 1 << 17;

    private TeacherFiles(ModelLocation location, TransformerConfig config, string name, ModelReading reading, string tokenizer, IReadOnlyList<string> model) =>
        (Location, Config, Shape, Reading, TokenizerContent, ModelContent) =
        (location, config, TeacherShape.Of(config, $"exact: {name}"), reading, tokenizer, model);

    /// <value>Its location, for jobs.</value>
    public ModelLocation Location { get; }

    /// <value>Its architecture.</value>
    public TransformerConfig Config { get; }

    /// <value>Its shape.</value>
    public TeacherShape Shape { get; }

    /// <value>What is read of its folder.</value>
    public ModelReading Reading { get; }

    /// <value>The identity of tokenizer.json.</value>
    public string TokenizerContent { get; }

    /// <value>The token that ends a document, if tokenizer_config.json determines it; null if tokenizer.json does.</value>
    public int? ConfiguredEndOfText { get; private init; }

    /// <value>The token with which a text begins; null if there is none.</value>
    public int? Beginning { get; private init; }

    /// <value>Its chat template; null if the run does not use it.</value>
    public TeacherTemplate? Template { get; private init; }

    /// <value>The identities of config.json and of each file of weights.</value>
    public IReadOnlyList<string> ModelContent { get; }

    /// <summary>Finds a teacher.</summary>
    /// <param name="catalog">Finds and fetches its files.</param>
    /// <param name="path">Its folder.</param>
    /// <param name="withTemplate">Whether the run uses its chat template.</param>
    /// <param name="cancel">Cancels the call.</param>
    /// <exception cref="InvalidInputException">Something is missing, does not fit or is not supported.</exception>
    /// <exception cref="RemoteException">A server cannot be reached.</exception>
    public static async Task<TeacherFiles> FindAsync(SourceCatalog catalog, string path, bool withTemplate, CancellationToken cancel)
    {
        var model = await ModelFiles.FindAsync(catalog, path, SpecPaths.Teacher, cancel);
        var tokenizer = model.Tokenizer ?? throw new InvalidInputException(
            SpecPaths.Teacher, $"{model.Location.Folder} has no tokenizer.json; expected a Hugging Face folder");
        var (configFile, words) = (await catalog.FetchAsync(model.Config, "", cancel: cancel), await catalog.FetchAsync(tokenizer, "", cancel: cancel));
        var config = TransformerConfigFile.ReadFile(configFile, model.Config.Path);
        var json = TokenizerJson.Read(words, tokenizer.Path);
        VocabularyCheck.RequireFits(tokenizer.Path, json.Size, model.Config.Path, config.Config.VocabularySize);
        var settings = model.TokenizerConfig is { } file ? await catalog.FetchAsync(file, "", cancel: cancel) : null;
        if (settings is not null)
        {
            TokenizerSettings.Require(settings, json, model.TokenizerConfig!.Path);
        }

        _ = new HuggingFaceTokenizer(tokenizer.Path, json); // a job makes it, and may refuse it
        var reading = WeightReadings.Of(config, await HeadersAsync(catalog, model, cancel)).Summary;

        var template = withTemplate ? await TeacherTemplate.FindAsync(catalog, model, settings, cancel) : null;
        var contents = await Task.WhenAll(model.Weights.Select(weights => Task.Run(() => SourceContents.OfAsync(catalog, weights, cancel), cancel)));
        var known = model.Weights.Select(file => file.Path).Zip(contents).ToDictionary(file => file.First, file => file.Second);
        var found = model.Location.Found?.Select(file => file with { Identity = known.GetValueOrDefault(file.Path) ?? LocalSources.Fingerprint(file.Path) });
        return new TeacherFiles(
            model.Location with { Found = found is null ? null : [.. found] }, config.Config, model.Config.Path,
            reading with { Warnings = [.. model.Warnings, .. reading.Warnings] }, LocalSources.Fingerprint(words),
            [LocalSources.Fingerprint(configFile), .. contents])
        {
            ConfiguredEndOfText = EndOfTextToken.FindConfigured(words, settings),
            Beginning = BeginningToken.Find(json, settings, model.TokenizerConfig?.Path),
            Template = template,
        };
    }

    private static async Task<StoredTensors> HeadersAsync(SourceCatalog catalog, ModelFiles model, CancellationToken cancel)
    {
        var headers = new List<(string, SafetensorsHeader)>();
        foreach (var file in model.Weights)
        {
            var start = await catalog.ReadStartAsync(file, UsualHeader, cancel);
            if (SafetensorsHeader.BytesNeeded(start, file.Bytes, file.Path) is var needed && needed > start.Length)
            {
                start = await catalog.ReadStartAsync(file, needed, cancel);
            }

            headers.Add((file.Path, SafetensorsHeader.Parse(start, file.Bytes, file.Path)));
        }

        return StoredTensors.Of(model.Location.Folder, headers, model.Index);
    }
}
