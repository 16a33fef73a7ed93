using Distil.Core.Errors;
using Distil.Core.Http;
using Distil.Core.Models;
using Distil.Core.Sources;
using Distil.Core.Specification;
using Distil.Core.Tokenization;

namespace Distil.Core.Runs.Planning;

/// <summary>The part of a teacher that a plan needs: its shape and the identity of its content. Weights are not read if their checksums are known.</summary>
internal sealed class TeacherFiles
{
    private TeacherFiles(ModelLocation location, TeacherShape shape, string tokenizer, IReadOnlyList<string> model) =>
        (Location, Shape, TokenizerContent, ModelContent) = (location, shape, tokenizer, model);

    /// <value>Its location, for jobs.</value>
    public ModelLocation Location { get; }

    /// <value>Its shape.</value>
    public TeacherShape Shape { get; }

    /// <value>The identity of tokenizer.json.</value>
    public string TokenizerContent { get; }

    /// <value>The token that ends a document, if tokenizer_config.json determines it; null if tokenizer.json does.</value>
    public int? ConfiguredEndOfText { get; private init; }

    /// <value>The identities of config.json and of each file of weights.</value>
    public IReadOnlyList<string> ModelContent { get; }

    /// <summary>Finds a teacher.</summary>
    /// <exception cref="InvalidInputException">Something is missing or does not fit.</exception>
    /// <exception cref="RemoteException">A server cannot be reached.</exception>
    public static async Task<TeacherFiles> FindAsync(SourceCatalog catalog, string path, CancellationToken cancel)
    {
        var model = await ModelFiles.FindAsync(catalog, path, SpecPaths.Teacher, cancel);
        var tokenizer = model.Tokenizer ?? throw new InvalidInputException(
            SpecPaths.Teacher, $"{model.Location.Folder} has no tokenizer.json; expected a Hugging Face folder");
        var (config, words) = (await catalog.FetchAsync(model.Config, "", cancel: cancel), await catalog.FetchAsync(tokenizer, "", cancel: cancel));
        var shape = TeacherShape.Of(TransformerConfigFile.ReadFile(config, model.Config.Path), model.Config.Path);
        VocabularyCheck.RequireFits(tokenizer.Path, TokenizerSize.Of(words), model.Config.Path, shape.VocabularySize);

        var settings = model.TokenizerConfig is { } file ? await catalog.FetchAsync(file, "", cancel: cancel) : null;
        var contents = await Task.WhenAll(model.Weights.Select(weights => Task.Run(() => SourceContents.OfAsync(catalog, weights, cancel), cancel)));
        return new TeacherFiles(model.Location, shape, LocalSources.Fingerprint(words), [LocalSources.Fingerprint(config), .. contents])
        {
            ConfiguredEndOfText = EndOfTextToken.FindConfigured(words, settings),
        };
    }
}
