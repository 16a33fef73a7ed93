using Distil.Core.Errors;
using Distil.Core.Http;
using Distil.Core.Models;
using Distil.Core.Sources;
using Distil.Core.Specification;

namespace Distil.Core.Runs.Planning;

/// <summary>The part of a teacher that a plan needs: its shape and the identity of its content. Weights are not read if their checksums are known.</summary>
internal sealed class TeacherFiles
{
    private TeacherFiles(ModelLocation location, TransformerConfig config, string name, string tokenizer, IReadOnlyList<string> model) =>
        (Location, Config, Shape, TokenizerContent, ModelContent) = (location, config, TeacherShape.Of(config, $"exact: {name}"), tokenizer, model);

    /// <value>Its location, for jobs.</value>
    public ModelLocation Location { get; }

    /// <value>Its architecture.</value>
    public TransformerConfig Config { get; }

    /// <value>Its shape.</value>
    public TeacherShape Shape { get; }

    /// <value>The identity of tokenizer.json.</value>
    public string TokenizerContent { get; }

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
        var architecture = TransformerConfigFile.ReadFile(config, model.Config.Path);
        VocabularyCheck.RequireFits(tokenizer.Path, TokenizerSize.Of(words), model.Config.Path, architecture.VocabularySize);

        var contents = model.Weights.AsParallel().AsOrdered().Select(file => file.Identity ?? LocalSources.Fingerprint(file.Path));
        return new TeacherFiles(model.Location, architecture, model.Config.Path, LocalSources.Fingerprint(words), [LocalSources.Fingerprint(config), .. contents]);
    }
}
